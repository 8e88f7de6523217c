--- Insert-mode keys. Where no ghost text is shown each does what it did before, another plugin's mapping included.
local config = require('infill.config')
local ghost = require('infill.ghost')
local text = require('infill.text')

local M = {}

local descriptions = {
  accept = 'Infill: accept the suggestion',
  word = 'Infill: accept a word of it',
  line = 'Infill: accept a line of it',
  next = 'Infill: next suggestion, or ask for one',
  dismiss = 'Infill: dismiss the suggestion',
}

---@type table<string, fun(): boolean>
local actions = {
  accept = function()
    return ghost.accept()
  end,
  word = function()
    return ghost.accept(text.word)
  end,
  line = function()
    return ghost.accept(text.line)
  end,
  next = function()
    ghost.next()
    return true
  end,
  dismiss = function()
    return ghost.dismiss()
  end,
}

--- Before the keys that were typed since, or they would be taken out of order.
---@param keys string
---@param is_remapped boolean
local function feed(keys, is_remapped)
  vim.api.nvim_feedkeys(vim.keycode(keys), is_remapped and 'im' or 'in', false)
end

---@param before table<string, any> As maparg() tells it.
---@param key string
local function fall_back(before, key)
  if vim.tbl_isempty(before) then
    return feed(key, false)
  end
  local is_remapped = before.noremap == 0
  if before.expr == 1 then
    local keys = before.callback and before.callback() or vim.api.nvim_eval(before.rhs)
    if type(keys) == 'string' then
      feed(keys, is_remapped)
    end
  elseif before.callback then
    before.callback()
  else
    feed(before.rhs, is_remapped)
  end
end

---@param buf integer
function M.map(buf)
  for name, key in pairs(config.get().keys) do
    if key then
      local before = vim.fn.maparg(key, 'i', false, true)
      if before.desc ~= descriptions[name] then
        vim.keymap.set('i', key, function()
          if not actions[name]() then
            fall_back(before, key)
          end
        end, { buffer = buf, desc = descriptions[name] })
      end
    end
  end
end

return M
