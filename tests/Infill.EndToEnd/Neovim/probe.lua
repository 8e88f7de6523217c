--- What the tests ask through v:lua.Probe(): what the user can't see from the screen alone.
local drawers = { 'nvim.lsp.inline_completion', 'infill' }
local set, clear = vim.api.nvim_buf_set_extmark, vim.api.nvim_buf_clear_namespace
local drawn = {} -- each ghost text in its order; '' where it was taken away
local pressed, delays = nil, {} -- ms from a key to the ghost text that was asked for with it, and of that what the server took
local asked_at, took = nil, 0 -- of the last request for a suggestion: when, while it is under way, and the ms to its answer
local requested = 0 -- when that request was made

local function is_ghost(namespace)
  return vim.tbl_contains(drawers, function(name) return vim.api.nvim_get_namespaces()[name] == namespace end, { predicate = true })
end

local function text_of(mark)
  local texts = {}
  local function add(chunks)
    table.insert(texts, table.concat(vim.tbl_map(function(chunk) return chunk[1] end, chunks)))
  end
  add(mark.virt_text or {})
  vim.tbl_map(add, mark.virt_lines or {})
  return table.concat(texts, '\n')
end

function vim.api.nvim_buf_set_extmark(buf, namespace, row, col, options)
  if is_ghost(namespace) then
    table.insert(drawn, text_of(options))
    if pressed and requested >= pressed then -- Neovim's own client draws what it showed before, until it has asked
      local ghost = package.loaded['infill.ghost']
      local server = ghost and ghost.time_to_text or asked_at and (vim.uv.hrtime() - asked_at) / 1e6 or took
      table.insert(delays, { whole = (vim.uv.hrtime() - pressed) / 1e6, asked = server })
      pressed = nil
    end
  end
  return set(buf, namespace, row, col, options)
end

function vim.api.nvim_buf_clear_namespace(buf, namespace, from, to)
  if is_ghost(namespace) and drawn[#drawn] ~= '' then table.insert(drawn, '') end
  return clear(buf, namespace, from, to)
end

-- Neovim's own client draws when it has the whole answer, before or after it tells of that.
vim.api.nvim_create_autocmd('LspRequest', {
  callback = function(args)
    local request = args.data.request
    if request.method ~= 'textDocument/inlineCompletion' then return end
    if request.type == 'pending' then
      asked_at = vim.uv.hrtime()
      requested = asked_at
    elseif asked_at then
      took, asked_at = (vim.uv.hrtime() - asked_at) / 1e6, nil
    end
  end,
})

vim.on_key(function(_, typed)
  if typed ~= '' then pressed = vim.uv.hrtime() end
end)

function Probe()
  local ghost, marks = {}, 0
  for _, name in ipairs(drawers) do
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace(name), 0, -1, { details = true })) do
      table.insert(ghost, text_of(mark[4]))
      marks = marks + 1
    end
  end
  local pending = vim.tbl_map(function(client)
    return vim.tbl_count(vim.tbl_filter(function(request) return request.type == 'pending' end, client.requests))
  end, vim.lsp.get_clients())
  local cursor = vim.api.nvim_win_get_cursor(0)
  return vim.json.encode({
    mode = vim.api.nvim_get_mode().mode,
    line = cursor[1],
    column = cursor[2],
    text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'),
    ghost = table.concat(ghost, '\n'),
    marks = marks,
    drawn = #drawn > 0 and drawn or vim.json.decode('[]'),
    delays = #delays > 0 and delays or vim.json.decode('[]'),
    messages = vim.fn.execute('messages'),
    -- The request for a suggestion hangs on this event, from when the server is initialized and attached.
    isAttached = #vim.lsp.get_clients({ bufnr = 0 }) == 1 and #vim.api.nvim_get_autocmds({ event = 'CursorMovedI', buffer = 0 }) > 0,
    isWhole = not vim.tbl_contains(pending, function(count) return count > 0 end, { predicate = true }),
  })
end
