--- What the tests ask through v:lua.Probe(): what the user can't see from the screen alone.
function Probe()
  local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
  local ghost = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
    local function add(chunks)
      local texts = vim.tbl_map(function(chunk) return chunk[1] end, chunks)
      table.insert(ghost, table.concat(texts))
    end
    add(mark[4].virt_text or {})
    vim.tbl_map(add, mark[4].virt_lines or {})
  end
  local cursor = vim.api.nvim_win_get_cursor(0)
  return vim.json.encode({
    mode = vim.api.nvim_get_mode().mode,
    line = cursor[1],
    column = cursor[2],
    text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'),
    ghost = table.concat(ghost, '\n'),
    messages = vim.fn.execute('messages'),
    -- The request for a suggestion hangs on this event, from when the server is initialized and attached.
    isAttached = #vim.lsp.get_clients({ bufnr = 0 }) == 1 and #vim.api.nvim_get_autocmds({ event = 'CursorMovedI', buffer = 0 }) > 0,
  })
end
