--- The language server's life as the user sees it: state, attaching, and coming back after a crash.
local config = require('infill.config')
local ghost = require('infill.ghost')

local M = {}

local window = 5 * 60 * 1000 -- ms in which crashes are counted
local first_pause = 200 -- ms; doubled with each crash
local crashes = {} ---@type number[] Moments in ms.
local loading = nil ---@type string? What the server does before it is ready.
local failure = nil ---@type string?

---@return vim.lsp.Client?
function M.client()
  return vim.lsp.get_clients({ name = 'infill' })[1]
end

--- 'stopped', 'failed', 'starting', 'loading', 'off' or 'ready', and more about it.
---@return string state, string? detail
function M.state()
  local client = M.client()
  if failure then
    return 'failed', failure
  elseif not client then
    return 'stopped'
  elseif not client.initialized then
    return 'starting'
  elseif loading then
    return 'loading', loading
  elseif not ghost.is_on(0) then
    return 'off', vim.b.infill_enabled == false and 'in this buffer' or 'everywhere'
  elseif not client.attached_buffers[vim.api.nvim_get_current_buf()] then
    return 'off', 'not attached to this buffer'
  end
  return 'ready'
end

--- Partial results go to the ghost text, everything else on its way.
---@param client vim.lsp.Client
local function take_progress(client)
  local before = client.handlers['$/progress'] or vim.lsp.handlers['$/progress']
  client.handlers['$/progress'] = function(err, params, ctx)
    if not ghost.on_progress(params) then
      return before(err, params, ctx)
    end
  end
end

---@param client vim.lsp.Client
---@param buf integer
function M.attached(client, buf)
  failure = nil
  if not config.get().ghost then
    return
  end
  if not client.infill_is_ours then
    client.infill_is_ours = true
    take_progress(client)
  end

  -- One of the two may draw. Neovim's own client looks at the capability, whenever it is enabled.
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(false, { client_id = client.id })
  end
  client.server_capabilities.inlineCompletionProvider = nil
  ghost.attach(client, buf)
end

---@param params { token: any, value: any }
function M.progressed(params)
  local value = params.value
  if type(value) ~= 'table' then
    return
  end
  if value.kind == 'end' then
    loading = nil
    vim.cmd.redrawstatus()
  elseif value.kind == 'begin' or value.kind == 'report' then
    local percent = value.percentage and (' %d %%'):format(value.percentage) or ''
    loading = (value.message or value.title or 'loading') .. percent
    vim.cmd.redrawstatus()
  end
end

--- Neovim tells of a crash itself, in a line so long that it waits for Enter and swallows what is being typed. One short
--- line takes its place.
---@param message string
local function shorten_notice(message)
  local notify = vim.notify
  vim.notify = function(told, level, options)
    if vim.startswith(told, 'Client infill quit') then
      vim.notify = notify
      return notify(message, level, options)
    end
    return notify(told, level, options)
  end
end

--- Called at every end of the server: one that ended by itself is brought back.
---@param code integer
---@param signal integer
function M.exited(code, signal)
  loading = nil
  if vim.v.exiting ~= vim.NIL or (code == 0 and signal == 0) or signal == 15 then
    return
  end
  local now = vim.uv.now()
  crashes = vim.tbl_filter(function(moment)
    return now - moment < window
  end, crashes)
  table.insert(crashes, now)
  if #crashes >= config.get().restarts then
    failure = ('the server ended %d times within five minutes'):format(#crashes)
    return shorten_notice(('Infill stays off: it crashed %d times. See :checkhealth infill.'):format(#crashes))
  end
  shorten_notice('Infill crashed and starts again.')
  vim.defer_fn(M.start, first_pause * 2 ^ (#crashes - 1))
end

--- Starts the server for every buffer that it is meant for.
function M.start()
  failure = nil
  vim.lsp.enable('infill')
end

--- Stops the server and starts it again, with the engine that it shares with other editors; also where it had given up.
function M.restart()
  crashes = {}
  local client = M.client()
  if not client then
    return M.start()
  end
  client:request('workspace/executeCommand', { command = 'infill.engine.restart' }, function() end)
  client:stop(2000)
  local timer = assert(vim.uv.new_timer())
  timer:start(
    20,
    20,
    vim.schedule_wrap(function()
      if not M.client() and not timer:is_closing() then
        timer:close()
        M.start()
      end
    end)
  )
end

return M
