// A photo with the box that one unit sees, and the unit's feature map. The box follows the pointer without asking the server:
// the intervals of all rows and all columns of units come with the data. Only a click, a tap or Enter is sent.

const STATES = new WeakMap()
const SVG = "http://www.w3.org/2000/svg"
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".field-photo")
  let s = STATES.get(root)
  if (!s) STATES.set(root, (s = start(root)))
  s.send = setTriggerValue
  root.style.setProperty("--field-light", data.colors[0])
  root.style.setProperty("--field-dark", data.colors[1])
  root.classList.toggle("dark", isDark(root))
  const text = JSON.stringify(data)
  if (s.text !== text) {
    s.text = text
    s.data = data
    s.pointed = s.awaited = null
    build(s)
    receive(s, window.fieldPhotoPushes?.get(data.channel) ?? [data.rows.length >> 1, data.columns.length >> 1])
  }
  tint(s)
  show(s)
  const name = `field-photo:${data.channel}`, listener = () => receive(s, window.fieldPhotoPushes.get(data.channel))
  s.stopListening?.()
  window.addEventListener(name, listener)
  s.stopListening = () => window.removeEventListener(name, listener)
  return s.stopListening
}

// The unit the page has selected. What was picked here since then is newer: until the page knows it, its word is old.
function receive(s, [row, column]) {
  const unit = [clamp(row, s.data.rows.length), clamp(column, s.data.columns.length)]
  if (s.awaited && String(s.awaited) !== String(unit)) return
  s.awaited = null
  s.unit = unit
  show(s)
}

function start(root) {
  const $ = name => root.querySelector(name)
  const s = { root, photo: $(".photo"), map: $(".map"), grid: $(".grid"), readout: $(".readout") }
  follow(s, s.grid, e => unitOnMap(s, e))
  follow(s, s.photo, e => unitOnPhoto(s, e))
  s.grid.addEventListener("keydown", e => key(s, e))
  s.grid.addEventListener("blur", () => point(s, null))
  return s
}

// ---------------------------------------------------------------- building

function build(s) {
  const { picture: [h, w], margin: [top, side], photo, title, label, caption, rows, columns } = s.data
  s.svg = draw("svg", { viewBox: `${-side} ${-top} ${w + 2 * side} ${h + 2 * top}`, role: "img" })
  s.svg.append(draw("image", { href: photo, width: w, height: h, class: Math.max(h, w) < 100 ? "few" : "", preserveAspectRatio: "none" }))
  const part = name => s.svg.appendChild(draw("path", { class: name }))
  s.dim = part("dim")
  part("edge").setAttribute("d", box(0, w, 0, h))
  s.seen = [part("seen casing"), part("seen")]
  s.whole = part("whole")
  s.more = part("more")
  s.photo.replaceChildren(say("figcaption", title), s.svg)
  s.mapCaption = say("figcaption", caption)
  s.map.replaceChildren(s.mapCaption, s.grid)

  const H = rows.length, W = columns.length, marks = draw("svg", { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", "aria-hidden": "true" })
  if (Math.max(H, W) <= 40) {
    const down = columns.map((_, x) => `M${x} 0V${H}`), across = rows.map((_, y) => `M0 ${y}H${W}`)
    marks.append(draw("path", { class: "lines", d: [...down.slice(1), ...across.slice(1)].join("") }))
  }
  s.cross = marks.appendChild(draw("path", { class: "lines" })) // in a map of many small units the one pointed at is hard to see
  s.cell = marks.appendChild(draw("rect", { class: "cell", width: 1, height: 1 }))
  s.here = marks.appendChild(draw("rect", { class: "here", width: 1, height: 1 }))
  s.canvas = document.createElement("canvas")
  Object.assign(s.canvas, { width: W, height: H })
  s.grid.style.aspectRatio = `${W} / ${H}`
  s.grid.style.maxWidth = Math.max(H, W) === 1 ? "4rem" : ""
  s.grid.setAttribute("aria-label", label)
  s.grid.replaceChildren(s.canvas, marks)
}

// The more of a unit's field lies on padding, the stronger its cell.
function tint(s) {
  const { rows, columns } = s.data, canvas = s.canvas.getContext("2d")
  const [r, g, b] = (getComputedStyle(s.root).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number)
  const pixels = canvas.createImageData(columns.length, rows.length)
  rows.forEach((_, y) => columns.forEach((_, x) => pixels.data.set([r, g, b, 150 * share(s, [y, x])], 4 * (y * columns.length + x))))
  canvas.putImageData(pixels, 0, 0)
}

// ---------------------------------------------------------------- one unit

function show(s) {
  const [y, x] = s.pointed ?? s.unit, { picture: [h, w], rows, columns } = s.data
  const [top, bottom, first, last] = rows[y], [left, right, from, to] = columns[x]
  const inside = first < last && from < to ? box(from, to, first, last) : ""
  s.dim.setAttribute("d", box(0, w, 0, h) + inside)
  s.dim.setAttribute("fill-rule", "evenodd")
  s.seen.forEach(part => part.setAttribute("d", inside))
  s.whole.setAttribute("d", top < first || left < from || bottom > last || right > to ? box(left, right, top, bottom) : "")
  s.more.setAttribute("d", arrows(s, rows[y], columns[x]))
  place(s.cell, s.unit)
  place(s.here, [y, x])
  s.cross.setAttribute("d", Math.max(rows.length, columns.length) > 40 ? `M0 ${y + 0.5}H${columns.length}M${x + 0.5} 0V${rows.length}` : "")
  const text = sentence(s, [y, x])
  if (s.readout.textContent !== text) s.readout.textContent = text
  s.svg.setAttribute("aria-label", `${s.data.title}. ${text}`)
}

function sentence(s, [y, x]) {
  const [top, bottom] = s.data.rows[y], [left, right] = s.data.columns[x]
  const values = { row: y, column: x, top, bottom: bottom - 1, left, right: right - 1, height: bottom - top, width: right - left }
  return s.data.sentence.replace(/{(\w+)}/g, (_, name) => (name === "share" ? percent(share(s, [y, x])) : `${values[name]}`.replace("-", "−")))
}

function share(s, [y, x]) {
  const { picture: [h, w], rows, columns } = s.data, [top, bottom] = rows[y], [left, right] = columns[x]
  const area = (bottom - top) * (right - left), within = (start, stop, size) => Math.max(0, Math.min(stop, size) - Math.max(start, 0))
  return area ? 1 - (within(top, bottom, h) * within(left, right, w)) / area : 0
}

function percent(part) {
  if (part > 0 && part < 0.005) return "under 1 %"
  return part >= 0.995 && part < 1 ? "over 99 %" : `${(100 * part).toFixed(0)} %`
}

// Where the field goes on beyond the edge of the view: an arrow that says so.
function arrows(s, [top, bottom], [left, right]) {
  const { picture: [h, w], margin: [above, beside] } = s.data, a = 0.03 * (w + 2 * beside)
  const x = (Math.max(left, -beside) + Math.min(right, w + beside)) / 2, y = (Math.max(top, -above) + Math.min(bottom, h + above)) / 2
  const to = (beyond, x, y, dx, dy) => (beyond ? `M${x} ${y}l${-a * (dx + dy)} ${-a * (dx + dy)}l${2 * a * dy} ${2 * a * dx}Z` : "")
  return [
    to(top < -above, x, -above, 0, -1), to(bottom > h + above, x, h + above, 0, 1),
    to(left < -beside, -beside, y, -1, 0), to(right > w + beside, w + beside, y, 1, 0),
  ].join("")
}

// ---------------------------------------------------------------- pointer and keys

function follow(s, area, unitAt) {
  area.addEventListener("pointermove", e => { if (e.pointerType === "mouse" || e.buttons) point(s, unitAt(e)) })
  area.addEventListener("pointerleave", () => point(s, null))
  area.addEventListener("pointercancel", () => point(s, null))
  area.addEventListener("pointerdown", e => {
    if (area === s.grid) area.setPointerCapture(e.pointerId)
    point(s, unitAt(e))
  })
  area.addEventListener("click", e => select(s, unitAt(e)))
}

function point(s, unit) {
  if (String(unit) === String(s.pointed)) return
  s.pointed = unit
  show(s)
}

function select(s, unit) {
  if (!unit) return
  s.pointed = null
  if (String(unit) !== String(s.unit)) {
    s.unit = s.awaited = unit
    s.send("unit", unit)
  }
  show(s)
}

function key(s, e) {
  const at = s.pointed ?? s.unit, { rows, columns } = s.data
  if (e.key in KEYS) point(s, [clamp(at[0] + KEYS[e.key][0], rows.length), clamp(at[1] + KEYS[e.key][1], columns.length)])
  else if (e.key === "Home") point(s, [0, 0])
  else if (e.key === "End") point(s, [rows.length - 1, columns.length - 1])
  else if (e.key === "Enter" || e.key === " ") select(s, at)
  else if (e.key === "Escape") point(s, null)
  else return
  e.preventDefault()
}

function unitOnMap(s, e) {
  const r = s.grid.getBoundingClientRect(), { rows, columns } = s.data
  const part = (at, from, length, units) => clamp(Math.floor(((at - from) / length) * units), units)
  return [part(e.clientY, r.top, r.height, rows.length), part(e.clientX, r.left, r.width, columns.length)]
}

// The unit whose field has its centre nearest to the pointer.
function unitOnPhoto(s, e) {
  const matrix = s.svg.getScreenCTM()
  if (!matrix) return null
  const { x, y } = new DOMPoint(e.clientX, e.clientY).matrixTransform(matrix.inverse())
  const nearest = (spans, at) => spans.reduce((best, span, i) => (away(span, at) < away(spans[best], at) ? i : best), 0)
  return [nearest(s.data.rows, y), nearest(s.data.columns, x)]
}

// ---------------------------------------------------------------- small things

const away = ([start, stop], at) => Math.abs((start + stop) / 2 - at)
const clamp = (i, units) => Math.min(units - 1, Math.max(0, i))
const box = (left, right, top, bottom) => `M${left} ${top}H${right}V${bottom}H${left}Z`

function place(rect, [y, x]) {
  rect.setAttribute("x", x)
  rect.setAttribute("y", y)
}

function draw(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

function say(name, text) {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

function isDark(root) {
  const [r, g, b] = (getComputedStyle(root).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number)
  return 0.299 * r + 0.587 * g + 0.114 * b > 128
}
