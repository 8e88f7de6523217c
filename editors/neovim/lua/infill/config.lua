--- The user's choices: `vim.g.infill`, or what `setup` was given, over the defaults.
local M = {}

---@class infill.Keys Insert mode; false leaves a key alone.
---@field accept string|false
---@field word string|false
---@field line string|false
---@field next string|false
---@field dismiss string|false

---@class infill.Config
---@field ghost boolean Whether the plugin draws; false leaves it to `vim.lsp.inline_completion`.
---@field keys infill.Keys
---@field restarts integer After so many crashes within five minutes the server stays down.

---@type infill.Config
local defaults = {
  ghost = true,
  keys = { accept = '<Tab>', word = '<C-Right>', line = '<C-l>', next = '<M-]>', dismiss = '<C-]>' },
  restarts = 5,
}

local given = nil ---@type table?

---@param options table?
function M.set(options)
  given = options
end

---@return infill.Config
function M.get()
  return vim.tbl_deep_extend('force', defaults, vim.g.infill or {}, given or {})
end

return M
