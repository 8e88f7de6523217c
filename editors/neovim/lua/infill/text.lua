--- What part of a suggestion is still to come, and what part a key takes of it. Pure: strings in, strings out.
local M = {}

--- The rest of `text` behind what has been typed of it; nil where something else was typed.
---@param text string
---@param typed string
---@return string?
function M.rest(text, typed)
  return vim.startswith(text, typed) and text:sub(#typed + 1) or nil
end

--- The blanks before it and one word, or one run of other signs. Bytes above ASCII count as letters, so none is cut in two.
---@param text string
---@return string
function M.word(text)
  return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%s%w_\128-\255]+') or text
end

--- Up to the end of the line; where that is at once, the next line with its break.
---@param text string
---@return string
function M.line(text)
  return text:match('^\n*[^\n]+') or text
end

return M
