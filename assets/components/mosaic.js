// A grid of tiles as one picture. The tile and the value under the pointer are told without asking the server: a colour of the
// picture tells its step on the scale, and the scale of each tile comes with the data. Only the selection of a tile is sent.

const STATES = new WeakMap()
const SVG = "http://www.w3.org/2000/svg"
const REST = 400 // ms after the last arrow key before the tile walked to is selected
const LEAST = 20 // px that a tile is wide; a picture with more columns than fit scrolls sideways

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mosaic")
  let s = STATES.get(root)
  if (!s) STATES.set(root, (s = start(root)))
  s.send = setTriggerValue
  const dark = isDark(root), text = JSON.stringify(data)
  root.classList.toggle("dark", dark)
  if (s.text !== text || s.dark !== dark) {
    Object.assign(s, { text, dark })
    s.data = data
    s.at = s.awaited = null
    clearTimeout(s.timer)
    build(s)
    receive(s, window.mosaicPushes?.get(data.channel) ?? { tile: null })
  }
  show(s)
  const name = `mosaic:${data.channel}`, listener = () => receive(s, window.mosaicPushes.get(data.channel))
  s.stopListening?.()
  window.addEventListener(name, listener)
  s.stopListening = () => window.removeEventListener(name, listener)
  return s.stopListening
}

// The tile the page has selected. What was picked here since then is newer: until the page knows it, its word is old.
function receive(s, { tile, unit }) {
  if (s.awaited !== null && s.awaited !== tile) return
  s.awaited = null
  s.selected = tile !== null && tile < s.data.count ? tile : null
  s.unit = unit ?? null
  show(s)
}

function start(root) {
  const $ = name => root.querySelector(name)
  const s = {
    root, stage: $(".stage"), sheet: $(".sheet"), img: $(".sheet img"), svg: $(".sheet svg"), titles: $(".titles"),
    foot: $(".foot"), readout: $(".readout"), legend: $(".legend"),
  }
  s.img.addEventListener("load", () => read(s))
  s.stage.addEventListener("pointermove", e => { if (e.pointerType === "mouse") point(s, pixelAt(s, e)) })
  s.stage.addEventListener("pointerleave", () => point(s, null))
  s.stage.addEventListener("click", e => {
    const at = pixelAt(s, e)
    if (at) select(s, s.data.units && at.tile === s.selected ? at : { tile: at.tile }) // a second click selects a pixel of the tile
  })
  s.stage.addEventListener("keydown", e => key(s, e))
  s.stage.addEventListener("blur", () => { if (!s.timer) point(s, null) })
  new ResizeObserver(() => s.data && s.sheet.classList.toggle("enlarged", s.sheet.clientWidth * devicePixelRatio > s.data.size[0])).observe(s.sheet)
  return s
}

function build(s) {
  const { size: [w, h], picture, alt, label, columns, width, palette, legend } = s.data
  s.pixels = null
  s.steps = palette ? new Map(colors(palette).map((color, step) => [color, step])) : null
  s.img.style.visibility = s.dark && s.data.dark ? "hidden" : "" // until it has its colours for a dark page
  s.img.src = picture
  s.img.alt = alt
  s.stage.setAttribute("aria-label", label)
  s.sheet.style.width = s.foot.style.maxWidth = `min(100%, ${width}px)`
  s.sheet.style.minWidth = `min(${width}px, ${columns * LEAST}px)`
  s.sheet.dataset.columns = columns
  s.img.style.aspectRatio = `${w} / ${h}`
  s.svg.setAttribute("viewBox", `0 0 ${w} ${h}`)
  s.svg.setAttribute("preserveAspectRatio", "none")
  s.marks = Object.fromEntries(["selected", "unit", "here"].map(name => [name, [`${name} casing`, name].map(mark)]))
  s.svg.replaceChildren(...Object.values(s.marks).flat())
  s.sheet.classList.toggle("above", s.data.titled && s.data.above)
  s.titles.replaceChildren(...(s.data.titled ? s.data.names.map((name, tile) => title(s, name, tile)) : []))
  s.legend.hidden = !legend
  if (legend) {
    const bar = document.createElement("i")
    bar.className = "bar"
    bar.style.background = `linear-gradient(90deg, ${(s.dark ? legend.dark : legend.colors).join(",")})`
    s.legend.replaceChildren(legend.low, bar, legend.high)
  }
}

// The picture's pixels, from which values are read; on a dark page it may then be shown in other colours.
function read(s) {
  if (s.pixels) return // the picture in other colours
  const [w, h] = s.data.size, canvas = document.createElement("canvas")
  Object.assign(canvas, { width: w, height: h })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.drawImage(s.img, 0, 0, w, h)
  s.pixels = context.getImageData(0, 0, w, h).data
  if (s.dark && s.data.dark) {
    context.putImageData(new ImageData(recolored(s), w, h), 0, 0)
    s.img.src = canvas.toDataURL()
    s.img.style.visibility = ""
  }
  show(s)
}

function recolored(s) {
  const found = s.pixels.slice(), table = colors(s.data.dark).map(color => color.split(",").map(Number)), known = new Map()
  for (const [color, step] of s.steps) {
    const [r, g, b] = color.split(",")
    known.set((r << 16) | (g << 8) | b, table[step])
  }
  for (let i = 0; i < found.length; i += 4) {
    const color = found[i + 3] && known.get((found[i] << 16) | (found[i + 1] << 8) | found[i + 2])
    if (color) found.set(color, i)
  }
  return found
}

// ---------------------------------------------------------------- what is shown

function show(s) {
  if (!s.data) return
  const tile = s.at?.tile ?? null
  place(s, s.marks.selected, s.selected)
  place(s, s.marks.here, tile === s.selected && s.at?.row === undefined ? null : tile)
  const unit = s.unit && s.selected !== null ? cell(s, s.selected, s.unit) : null
  for (const rect of s.marks.unit) put(rect, unit)
  const text = s.at ? words(s, s.at) : s.selected !== null ? s.data.labels[s.selected] : s.data.idle
  if (s.readout.textContent !== text) s.readout.textContent = text
}

function words(s, { tile, row, column }) {
  const { names, labels, factor } = s.data
  if (row === undefined) return labels[tile]
  const found = value(s, tile, row, column)
  const where = factor > 1 ? `rows ${row * factor}–${row * factor + factor - 1}, columns ${column * factor}–${column * factor + factor - 1}` : `row ${row}, column ${column}`
  return found === null ? labels[tile] : `${names[tile]}, ${where}: ${found}`
}

function value(s, tile, row, column) {
  if (!s.pixels) return null
  const { low, high, scale, size: [w] } = s.data, [x, y] = corner(s, tile)
  const i = 4 * ((y + row * scale) * w + x + column * scale), rgb = [...s.pixels.slice(i, i + 3)]
  const from = low[low.length > 1 ? tile : 0], to = high[high.length > 1 ? tile : 0]
  if (!s.steps) return ["R", "G", "B"].map((name, k) => `${name} ${number(from + (rgb[k] / 255) * (to - from), to - from)}`).join(", ")
  const step = s.steps.get(rgb.join(","))
  return step === undefined ? null : number(from + (step / 254) * (to - from), to - from)
}

// As many digits as the scale's 255 steps are worth.
function number(x, span) {
  if (!(span > 0)) return "0"
  const digits = Math.min(8, Math.max(0, Math.ceil(2 - Math.log10(span))))
  return (Number(x.toFixed(digits)) + 0).toFixed(digits).replace("-", "−")
}

// ---------------------------------------------------------------- places in the picture

function corner(s, tile) {
  const { columns, gap, scale, tile: [h, w] } = s.data
  return [(tile % columns) * (w * scale + gap), Math.floor(tile / columns) * (h * scale + gap)]
}

function cell(s, tile, [row, column]) {
  const { scale, factor, size } = s.data, [x, y] = corner(s, tile)
  const side = Math.max(scale, (6 * size[0]) / (s.sheet.clientWidth || size[0])) // some pixels on the screen, or it is not seen
  const middle = (at, from) => from + (Math.floor(at / factor) + 0.5) * scale - side / 2
  return [middle(column, x), middle(row, y), side, side]
}

function pixelAt(s, e) {
  const r = s.sheet.getBoundingClientRect(), { size: [W, H], columns, gap, scale, count, tile: [h, w] } = s.data
  const x = ((e.clientX - r.left) / r.width) * W, y = ((e.clientY - r.top) / r.height) * H
  if (x < 0 || y < 0 || x >= W || y >= H) return null
  const i = Math.floor(x / (w * scale + gap)), j = Math.floor(y / (h * scale + gap)), tile = j * columns + i
  if (i >= columns || tile >= count) return null
  const within = (at, n, step) => Math.min(n - 1, Math.floor((at - step) / scale))
  return { tile, row: within(y, h, j * (h * scale + gap)), column: within(x, w, i * (w * scale + gap)) }
}

function place(s, rects, tile) {
  const { scale, tile: [h, w] } = s.data
  for (const rect of rects) put(rect, tile === null ? null : [...corner(s, tile), w * scale, h * scale])
}

function put(rect, box) {
  rect.setAttribute("display", box ? "inline" : "none")
  if (box) ["x", "y", "width", "height"].forEach((name, i) => rect.setAttribute(name, box[i]))
}

// ---------------------------------------------------------------- pointer and keys

function point(s, at) {
  s.at = at
  show(s)
}

function select(s, at) {
  clearTimeout(s.timer)
  s.timer = null
  const { factor } = s.data
  s.selected = s.awaited = at.tile
  s.unit = at.row === undefined ? null : [at.row * factor + (factor >> 1), at.column * factor + (factor >> 1)]
  s.send("tile", [at.tile, ...(s.unit ?? [])])
  show(s)
}

function key(s, e) {
  const { columns, count } = s.data, from = s.at?.tile ?? s.selected ?? 0, last = count - 1
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }
  if (e.key in steps) {
    const to = s.at === null && s.selected === null ? 0 : from + steps[e.key]
    if (to >= 0 && to <= last) walk(s, to)
  } else if (e.key === "Home") walk(s, 0)
  else if (e.key === "End") walk(s, last)
  else if (e.key === "Enter" || e.key === " ") select(s, { tile: from })
  else if (e.key === "Escape") {
    clearTimeout(s.timer)
    s.timer = null
    point(s, null)
  } else return
  e.preventDefault()
}

// To a tile by key; it is selected when the keys rest.
function walk(s, tile) {
  point(s, { tile })
  const [x] = corner(s, tile), per = s.sheet.clientWidth / s.data.size[0], { stage } = s
  if (x * per < stage.scrollLeft || (x * per) + LEAST > stage.scrollLeft + stage.clientWidth) stage.scrollLeft = x * per - stage.clientWidth / 2
  clearTimeout(s.timer)
  s.timer = setTimeout(() => select(s, { tile }), REST)
}

// ---------------------------------------------------------------- small things

function mark(name) {
  const rect = document.createElementNS(SVG, "rect")
  rect.setAttribute("class", name)
  return rect
}

function title(s, name, tile) {
  const [x, y] = corner(s, tile), [w, h] = s.data.size, span = document.createElement("span")
  span.textContent = name
  span.style.left = `${(100 * x) / w}%`
  span.style.top = `${(100 * y) / h}%`
  span.style.maxWidth = `${(100 * s.data.tile[1] * s.data.scale) / w}%`
  return span
}

function colors(palette) {
  const bytes = Uint8Array.from(atob(palette), c => c.charCodeAt(0))
  return Array.from({ length: bytes.length / 3 }, (_, i) => [...bytes.slice(3 * i, 3 * i + 3)].join(","))
}

function isDark(root) {
  const [r, g, b] = (getComputedStyle(root).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number)
  return 0.299 * r + 0.587 * g + 0.114 * b > 128
}
