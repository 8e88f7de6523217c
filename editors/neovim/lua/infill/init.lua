--- Infill for Neovim: streamed ghost text over the language server `infill`. `:help infill` has all of it.
local config = require('infill.config')
local ghost = require('infill.ghost')
local server = require('infill.server')
local text = require('infill.text')

local M = {}

--- Choices other than the defaults; `vim.g.infill` does the same. To be called before a server attaches.
---@param options? infill.Config
function M.setup(options)
  config.set(options)
end

--- Each takes the suggestion, or a part of it, into the buffer.
---@return boolean # Whether there was one.
function M.accept()
  return ghost.accept()
end

---@return boolean
function M.accept_word()
  return ghost.accept(text.word)
end

---@return boolean
function M.accept_line()
  return ghost.accept(text.line)
end

M.next = ghost.next
M.dismiss = ghost.dismiss
M.is_visible = ghost.is_visible

--- For a statusline: `%{v:lua.require'infill'.statusline()}`. Empty where the server has nothing to do with the buffer.
---@return string
function M.statusline()
  local state, detail = server.state()
  if state == 'stopped' then
    return ''
  elseif state == 'ready' then
    return ghost.time_to_text and ('infill %d ms'):format(ghost.time_to_text) or 'infill'
  elseif state == 'off' then
    return 'infill off'
  end
  return ('infill: %s'):format(detail or state)
end

return M
