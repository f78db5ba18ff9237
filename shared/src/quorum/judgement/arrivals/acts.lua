-- What comes in with and beside reports, in its order among them. Twin: acts.py. Each act says whether the image is to be
-- judged now.

-- Ends a block, and with it the epoch, or a hold.
local function reopen(image, id, cause, at)
  local kind = (image.state == BLOCKED or image.state == UPHELD) and 'unblocked' or 'released'
  image.state = OPEN
  announce(image, id, at, kind, cause)
  image.epoch, image.dirty, image.blocked_at = image.epoch + 1, true, nil
end

-- Forgets all that was reported and decided of an image: the next epoch begins.
local function begin_anew(image, id, cause, at)
  if image.state == BLOCKED or image.state == UPHELD or image.state == HELD then
    reopen(image, id, cause, at)
  else
    image.epoch = image.epoch + 1
  end
  part(image)
  aliased[image.digest], image.aliased = false, true
  waiting_room[image.digest .. id] = false
  image.contested, image.left = nil, id
  image.state, image.score, image.rows, image.cleared, image.name, image.wary = OPEN, 0, '', nil, nil, false
  image.dirty = true
end

-- A report may say which picture its image shows, if it is of somebody who weighs anything now.
local function look_at_picture(image, report)
  if report.shared and weight_of(report) > 0 then
    join_picture(image, report)
  end
  return true
end

-- When an image was blocked by its reports, ms.
local function blocked_at(image, id)
  return image.blocked_at or tonumber(call('ZSCORE', blocked, id) or 0)
end

-- Whether a block is older than one that withdrawals undo, or a moderator's.
local function is_settled(image, id, at)
  return image.state == UPHELD or (image.state == BLOCKED and blocked_at(image, id) < at - policy.undo_ms)
end

-- A report is taken back. A block that reports alone brought about not long ago ends where they do not reach any more.
-- Once one of the images with the picture is blocked for longer, the report has had its effect.
local function withdraw(image, report)
  local holder, found = with_rows(image), false
  local all = holder ~= image and load_copies(holder) or {{image.digest, report.id}}
  for _, copy in ipairs(all) do
    if is_settled(load(copy[1]), copy[2], report.at) then
      return false
    end
  end
  local before = holder.rows
  for i = 0, #report.previous do
    local start = find_row(holder.rows, i == 0 and report.fingerprint or report.previous[i])
    if start then
      holder.rows, holder.dirty, found = sub(holder.rows, 1, start - 1) .. sub(holder.rows, start + ROW_BYTES), true, true
    end
  end
  if not found then
    return false
  end
  local people  -- the same for all, and only asked for where one is blocked
  for _, copy in ipairs(all) do
    local one = load(copy[1])
    if one.state == BLOCKED then
      people = people or voices(holder.rows, report.at)
    end
    if one.state == BLOCKED and not over(one, copy[2], people, 1000) then
      refund(before, blocked_at(one, copy[2]))
      reopen(one, copy[2], 'withdrawn', report.at)
    end
  end
  return true
end

-- The site says which picture an image shows. Where it was another, the image begins anew.
local function tell_content(image, report)
  local alias = alias_of(image.digest)
  if alias and sub(alias, -16) ~= (nearest(report) or report.shared) then
    begin_anew(image, report.id, 'content', report.at)
  end
  join_picture(image, report)
  return true
end

-- The site says that there is no such image any more.
local function remove(image, report)
  local alias = alias_of(image.digest)
  local blank = image.state == OPEN and image.rows == '' and image.score == 0 and not image.name and not image.wary
  if blank and not (alias and #alias == 16) then
    return false
  end
  announce(image, report.id, report.at, 'deleted', 'gone')
  image.state = OPEN
  begin_anew(image, report.id, 'gone', report.at)
  return false
end

local ACTS = {look_at_picture, withdraw, tell_content, remove}
