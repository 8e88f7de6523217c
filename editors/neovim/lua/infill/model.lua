--- The choice of a model, through the server: what is chosen is pulled where need be, and used without a restart.
local server = require('infill.server')

local M = {}

---@class infill.Model
---@field name string
---@field bytes integer
---@field fits boolean
---@field isHere boolean
---@field isUsed boolean
---@field isRecommended boolean
---@field firstLine? integer Milliseconds.

local running = nil ---@type { client: vim.lsp.Client, id: integer }? What may be stopped.

---@param client vim.lsp.Client
---@param command string
---@param name? string
---@param done fun(result: any)
local function execute(client, command, name, done)
  local sent, id = client:request('workspace/executeCommand', { command = command, arguments = { name } }, function(err, result)
    running = nil
    if err then
      vim.notify('Infill: ' .. err.message, vim.log.levels.ERROR)
    else
      done(result)
    end
  end)
  if sent and id then
    running = { client = client, id = id }
  end
end

---@param client vim.lsp.Client
---@param name string
local function use(client, name)
  execute(client, 'infill.model.use', name, function(chosen)
    vim.notify('Infill: ' .. chosen.message)
    if not chosen.isInUse then
      server.restart() -- the engine is shared; another start finds the one with the new model
    end
  end)
end

---@param client vim.lsp.Client
---@param name string
---@param models infill.Model[]
local function pull_and_use(client, name, models)
  for _, model in ipairs(models) do
    if model.name == name and not model.isHere then
      return execute(client, 'infill.model.pull', name, function(pulled)
        use(client, pulled.name)
      end)
    end
  end
  use(client, name)
end

---@param model infill.Model
---@return string
local function describe(model)
  local parts = { ('%-24s %6.0f MB'):format(model.name, model.bytes / 1e6) }
  parts[#parts + 1] = model.isUsed and 'in use' or model.isHere and 'here' or model.fits and 'to be pulled' or 'too large for this machine'
  if model.firstLine then
    parts[#parts + 1] = ('first line in about %d ms'):format(model.firstLine)
  end
  if model.isRecommended then
    parts[#parts + 1] = 'recommended'
  end
  return table.concat(parts, ', ')
end

--- Has a model used: the one of that name, or file, or the one that the user then chooses from a list.
---@param client vim.lsp.Client
---@param name? string
function M.choose(client, name)
  execute(client, 'infill.model.list', nil, function(models)
    if name then
      return pull_and_use(client, name, models)
    end
    vim.ui.select(models, { prompt = 'Infill: choose a model', format_item = describe }, function(model)
      if model then
        pull_and_use(client, model.name, models)
      end
    end)
  end)
end

--- Ends the pull that runs, if one does; what was fetched is kept.
function M.stop()
  if running then
    running.client:cancel_request(running.id)
  end
end

--- Names that can be chosen now; none where the server doesn't answer at once.
---@param client? vim.lsp.Client
---@return string[]
function M.names(client)
  local answer = client and client:request_sync('workspace/executeCommand', { command = 'infill.model.list' }, 500)
  return vim.tbl_map(function(model)
    return model.name
  end, answer and answer.result or {})
end

return M
