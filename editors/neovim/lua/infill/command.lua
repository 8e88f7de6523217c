--- `:Infill`: one command, its first word says what to do.
local ghost = require('infill.ghost')
local model = require('infill.model')
local server = require('infill.server')

local M = {}

local tools = { 'list', 'pull', 'use', 'verify', 'remove' } -- of `infill model`

--- The program as the configuration starts it.
---@return string
function M.program()
  local cmd = (vim.lsp.config['infill'] or {}).cmd
  return type(cmd) == 'table' and cmd[1] or 'infill'
end

--- Runs the program in a window below, where its progress is seen.
---@param arguments string[]
---@param done? fun(code: integer)
local function run(arguments, done)
  vim.cmd('botright 12new')
  vim.fn.jobstart({ M.program(), unpack(arguments) }, {
    term = true,
    on_exit = function(_, code)
      if done then
        done(code)
      end
    end,
  })
end

---@type table<string, fun(arguments: string[])>
local actions = {
  status = function()
    local state, detail = server.state()
    local client = server.client()
    local parts = { 'Infill: ' .. state .. (detail and (' (' .. detail .. ')') or '') }
    if client then
      parts[#parts + 1] = ('server %s'):format((client.server_info or {}).version or 'of unknown version')
    end
    if ghost.time_to_text then
      parts[#parts + 1] = ('last time to text %.0f ms'):format(ghost.time_to_text)
    end
    vim.notify(table.concat(parts, ', ')) -- one line, or Neovim would wait for Enter
  end,
  toggle = function(arguments)
    local scope = arguments[1] == 'buffer' and vim.b or vim.g
    local on = not ghost.is_on(0)
    scope.infill_enabled = on
    if on and scope == vim.g then
      vim.b.infill_enabled = nil
    end
    vim.cmd.redrawstatus()
    vim.notify(('Infill is %s%s.'):format(on and 'on' or 'off', scope == vim.b and ' in this buffer' or ''))
  end,
  model = function(arguments)
    local client = server.client()
    if arguments[1] == 'stop' then
      return model.stop()
    elseif client and not vim.tbl_contains(tools, arguments[1]) then
      return model.choose(client, arguments[1])
    end
    run({ 'model', unpack(#arguments > 0 and arguments or { 'list' }) }, function(code)
      if code == 0 and arguments[1] == 'use' then
        server.restart()
      end
    end)
  end,
  page = function()
    local client = server.client()
    if not client then
      return vim.notify('Infill: the server does not run; :Infill restart starts it.', vim.log.levels.ERROR)
    end
    client:request('workspace/executeCommand', { command = 'infill.page.open' }, function(err, page)
      if err then
        return vim.notify('Infill: ' .. err.message, vim.log.levels.ERROR)
      end
      local _, problem = vim.ui.open(page.url)
      if problem then -- no program for it is known here
        vim.notify('Infill: open ' .. page.url)
      end
    end)
  end,
  doctor = function()
    run({ 'doctor' })
  end,
  log = function()
    vim.cmd.split(vim.fn.fnameescape(vim.lsp.log.get_filename()))
    vim.cmd.normal({ 'G', bang = true })
  end,
  restart = function()
    server.restart()
  end,
}

---@return string[]
function M.names()
  local names = vim.tbl_keys(actions)
  table.sort(names)
  return names
end

---@param arguments string[]
function M.run(arguments)
  local name = arguments[1] or 'status'
  local action = actions[name]
  if not action then
    vim.notify(('There is no :Infill %s; it is one of %s.'):format(name, table.concat(M.names(), ', ')), vim.log.levels.ERROR)
    return
  end
  action(vim.list_slice(arguments, 2))
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = line:match('^%s*%S+%s+(.*)$') or ''
  local choices = M.names()
  if words:find('^toggle%s') then
    choices = { 'buffer' }
  elseif words:find('^model%s') then
    choices = vim.list_extend(vim.list_extend({ 'stop' }, tools), model.names(server.client()))
  elseif words:find('%s') then
    choices = {}
  end
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
