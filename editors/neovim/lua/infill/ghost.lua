--- Ghost text of one buffer: asks while the user types, draws what streams in, and takes it over into the buffer.
---
--- Neovim's own client asks without a token for partial results and waits 200 ms; this one asks at once and shows the first
--- snapshot. Everything else (process, documents, cancelling) is the client's.
local config = require('infill.config')
local text = require('infill.text')
local api = vim.api

local M = {}

local method = 'textDocument/inlineCompletion'
local invoked, automatic = 1, 2
local namespace = api.nvim_create_namespace('infill')

---@class infill.Suggestion
---@field row integer From 0.
---@field col integer Bytes; where what it replaces begins.
---@field tail integer Bytes behind the cursor that it replaces too.
---@field text string
---@field item lsp.InlineCompletionItem

---@class infill.Request
---@field id? integer
---@field token string
---@field began integer Nanoseconds.
---@field tick integer The buffer's changedtick.
---@field items lsp.InlineCompletionItem[]

---@class infill.Ghost
---@field client vim.lsp.Client
---@field place? string Where it was asked last.
---@field shown? infill.Suggestion
---@field asking? infill.Request
---@field is_whole? boolean Whether what is shown will not grow.
---@field items lsp.InlineCompletionItem[] All that are to be had here.
---@field index integer Of the one shown.

local ghosts = {} ---@type table<integer, infill.Ghost?>
local last_token = 0

--- Milliseconds from asking to the first text, of the last suggestion; nil before the first.
M.time_to_text = nil ---@type number?

---@param buf integer
---@return integer row, integer col, string line
local function cursor(buf)
  local at = api.nvim_win_get_cursor(0)
  return at[1] - 1, at[2], api.nvim_buf_get_lines(buf, at[1] - 1, at[1], false)[1] or ''
end

--- What of the suggestion is still to come; nil where it no longer fits the text before the cursor.
---@param buf integer
---@param suggestion infill.Suggestion
---@return string?
local function rest_of(buf, suggestion)
  local row, col = cursor(buf)
  if row < suggestion.row or (row == suggestion.row and col < suggestion.col) then
    return nil
  end
  local ok, typed = pcall(api.nvim_buf_get_text, buf, suggestion.row, suggestion.col, row, col, {})
  return ok and text.rest(suggestion.text, table.concat(typed, '\n')) or nil
end

---@param buf integer
local function hide(buf)
  api.nvim_buf_clear_namespace(buf, namespace, 0, -1)
end

--- One mark, moved and changed in place: cleared and set anew it would flicker.
---@param buf integer
---@param rest string
local function draw(buf, rest)
  local lines = vim.split(rest, '\n', { plain = true })
  local row, col = cursor(buf)
  local below = {}
  for i = 2, #lines do
    below[#below + 1] = { { lines[i] == '' and ' ' or lines[i], 'InfillGhost' } }
  end
  api.nvim_buf_set_extmark(buf, namespace, row, col, {
    id = 1,
    virt_text = { { lines[1], 'InfillGhost' } },
    virt_text_pos = 'inline',
    virt_lines = #below > 0 and below or nil,
    hl_mode = 'combine',
    right_gravity = true,
  })
end

---@param buf integer
---@param ghost infill.Ghost
local function forget(buf, ghost)
  ghost.shown, ghost.is_whole, ghost.items, ghost.index = nil, nil, {}, 1
  hide(buf)
end

--- After an edit the server stops by itself, and may go on with what agrees with it: cancelled, it could not.
---@param buf integer
---@param ghost infill.Ghost
local function cancel(buf, ghost)
  local asking = ghost.asking
  ghost.asking = nil
  if asking and asking.id and asking.tick == api.nvim_buf_get_changedtick(buf) then
    ghost.client:cancel_request(asking.id)
  end
end

---@param buf integer
---@param ghost infill.Ghost
---@param item lsp.InlineCompletionItem
---@return infill.Suggestion
local function suggestion_from(buf, ghost, item)
  local row, col, line = cursor(buf)
  local start, tail = col, 0
  if item.range then
    local encoding = ghost.client.offset_encoding
    row = item.range.start.line
    line = api.nvim_buf_get_lines(buf, row, row + 1, false)[1] or ''
    start = vim.str_byteindex(line, encoding, item.range.start.character, false)
    tail = vim.str_byteindex(line, encoding, item.range['end'].character, false) - col
  end
  return { row = row, col = start, tail = math.max(tail, 0), text = item.insertText, item = item }
end

--- Shows an item, unless more of the same text stands there already: text that was shown is not taken back while it grows.
---@param buf integer
---@param ghost infill.Ghost
---@param item lsp.InlineCompletionItem
---@param is_whole boolean
local function show(buf, ghost, item, is_whole)
  local suggestion = suggestion_from(buf, ghost, item)
  local rest = rest_of(buf, suggestion)
  local before = ghost.shown and rest_of(buf, ghost.shown)
  if not is_whole and rest and before and #rest <= #before and vim.startswith(before, rest) then
    return
  end
  if not rest or rest == '' then
    return forget(buf, ghost)
  end
  ghost.shown = suggestion
  draw(buf, rest)
end

---@param buf integer
---@param ghost infill.Ghost
---@param kind integer
---@param seen? string Where it is known already and there are others, one of those is wanted.
local function ask(buf, ghost, kind, seen)
  cancel(buf, ghost)
  last_token = last_token + 1
  local asking = { token = 'infill.ghost.' .. last_token, began = vim.uv.hrtime(), tick = api.nvim_buf_get_changedtick(buf), items = {} } ---@type infill.Request
  ghost.asking, ghost.is_whole = asking, false
  local position = vim.lsp.util.make_position_params(0, ghost.client.offset_encoding)
  local params = {
    textDocument = position.textDocument,
    position = position.position,
    context = { triggerKind = kind },
    partialResultToken = asking.token,
  }
  local ok, id = ghost.client:request(method, params, function(err, result)
    if ghost.asking ~= asking then
      return -- asked again since
    end
    ghost.asking = nil
    if err or not api.nvim_get_mode().mode:find('^i') then
      return -- outdone by an edit that is about to ask itself
    end
    local items = #asking.items > 0 and asking.items or (result and (result.items or result)) or {}
    ghost.items, ghost.index, ghost.is_whole = items, 1, true
    if items[2] and items[1].insertText == seen then
      ghost.index = 2
    end
    if items[1] then
      show(buf, ghost, items[ghost.index], true)
    else
      forget(buf, ghost)
    end
  end, buf)
  asking.id = ok and id or nil
end

--- A `$/progress` that is a partial result. One suggestion grows under one id; another id is another suggestion.
---@param params lsp.ProgressParams
---@return boolean is_ours
function M.on_progress(params)
  if type(params.token) ~= 'string' or not vim.startswith(params.token, 'infill.ghost.') then
    return false
  end
  for buf, ghost in pairs(ghosts) do
    local asking = ghost.asking
    if asking and asking.token == params.token and api.nvim_get_current_buf() == buf then
      if #asking.items == 0 then
        M.time_to_text = (vim.uv.hrtime() - asking.began) / 1e6
      end
      local function id_of(item)
        return vim.tbl_get(item, 'command', 'arguments', 1)
      end
      for _, item in ipairs(params.value) do
        local known = #asking.items
        for i, other in ipairs(asking.items) do
          known = id_of(other) == id_of(item) and i - 1 or known
        end
        asking.items[known + 1] = item
      end
      if api.nvim_get_mode().mode:find('^i') then
        show(buf, ghost, asking.items[1], false)
      end
    end
  end
  return true
end

--- Typed, moved, or come into insert mode: keep what still fits, else ask.
---@param buf integer
local function update(buf)
  local ghost = ghosts[buf]
  if not ghost or not api.nvim_get_mode().mode:find('^i') then
    return
  end
  local row, col = cursor(buf)
  local place = table.concat({ api.nvim_buf_get_changedtick(buf), row, col }, ':')
  if ghost.place == place then
    return -- one key fires more than one event
  end
  ghost.place = place
  if not M.is_on(buf) then
    cancel(buf, ghost)
    return forget(buf, ghost)
  end

  local rest = ghost.shown and rest_of(buf, ghost.shown)
  if rest and rest ~= '' then
    draw(buf, rest)
    if ghost.is_whole then
      return -- typed as suggested: nobody needs to be asked
    end
  elseif ghost.shown then
    forget(buf, ghost)
  end
  ask(buf, ghost, automatic)
end

---@param buf integer
local function leave(buf)
  local ghost = ghosts[buf]
  if ghost then
    cancel(buf, ghost)
    forget(buf, ghost)
    ghost.place = nil
  end
end

--- Whether suggestions come by themselves in a buffer; `vim.b.infill_enabled` is stronger than `vim.g.infill_enabled`.
---@param buf integer
---@return boolean
function M.is_on(buf)
  local here = vim.b[buf].infill_enabled
  if here == nil then
    here = vim.g.infill_enabled
  end
  return here ~= false
end

---@param buf? integer
---@return boolean
function M.is_visible(buf)
  local ghost = ghosts[buf or api.nvim_get_current_buf()]
  return ghost ~= nil and ghost.shown ~= nil
end

--- Puts the suggestion, or the part of it that `part` cuts off, into the buffer.
---@param part? fun(rest: string): string
---@return boolean # Whether there was one.
function M.accept(part)
  local buf = api.nvim_get_current_buf()
  local ghost = ghosts[buf]
  local shown = ghost and ghost.shown
  local rest = shown and rest_of(buf, shown)
  if not ghost or not shown or not rest then
    return false
  end
  local taken = part and part(rest) or rest
  local is_all = taken == rest
  local row, col, line = cursor(buf)
  local last = is_all and math.min(col + shown.tail, #line) or col
  local lines = vim.split(taken, '\n', { plain = true })
  api.nvim_buf_set_text(buf, row, col, row, last, lines)
  api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and col or 0) + #lines[#lines] })

  if is_all then
    cancel(buf, ghost)
    forget(buf, ghost)
    if shown.item.command then
      ghost.client:exec_cmd(shown.item.command, { bufnr = buf })
    end
  else
    local accepted = #shown.text - #rest + #taken
    ghost.client:notify('textDocument/didPartiallyAcceptCompletion', {
      item = shown.item,
      acceptedLength = vim.str_utfindex(shown.text, 'utf-16', accepted, false),
    })
    update(buf) -- a mapping's edit fires its events only later
  end
  return true
end

--- The next of several suggestions; where there is one alone, asks by hand.
function M.next()
  local buf = api.nvim_get_current_buf()
  local ghost = ghosts[buf]
  if not ghost then
    return
  end
  if #ghost.items > 1 then
    ghost.index = ghost.index % #ghost.items + 1
    show(buf, ghost, ghost.items[ghost.index], true)
  else
    ask(buf, ghost, invoked, ghost.shown and ghost.shown.text)
  end
end

--- Takes the suggestion off the screen until the next key.
---@return boolean # Whether there was one.
function M.dismiss()
  local buf = api.nvim_get_current_buf()
  local ghost = ghosts[buf]
  if not ghost or not ghost.shown then
    return false
  end
  cancel(buf, ghost)
  forget(buf, ghost)
  return true
end

---@param client vim.lsp.Client
---@param buf integer
function M.attach(client, buf)
  if ghosts[buf] then
    leave(buf)
  end
  ghosts[buf] = { client = client, items = {}, index = 1 }
  local group = api.nvim_create_augroup('infill.ghost.' .. buf, { clear = true })
  local function on(events, callback)
    api.nvim_create_autocmd(events, {
      group = group,
      buffer = buf,
      callback = function()
        callback(buf)
      end,
    })
  end
  on({ 'InsertEnter', 'CursorMovedI', 'TextChangedI', 'TextChangedP' }, update)
  on({ 'InsertLeave', 'BufLeave' }, leave)
  if config.get().keys then
    require('infill.keys').map(buf)
  end
  if api.nvim_get_current_buf() == buf then
    update(buf) -- the server came while the user was typing
  end
end

---@param client_id integer
---@param buf integer
function M.detach(client_id, buf)
  local ghost = ghosts[buf]
  if not ghost or ghost.client.id ~= client_id then
    return
  end
  ghosts[buf] = nil
  pcall(api.nvim_del_augroup_by_name, 'infill.ghost.' .. buf)
  if api.nvim_buf_is_valid(buf) then
    hide(buf)
  end
end

return M
