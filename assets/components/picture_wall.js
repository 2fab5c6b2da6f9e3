// Pictures of one photo in rows, a row a network. The place under the pointer, or the one that arrow keys lead to, is marked in all of
// them at once, in the walls beside it too, and each that has values reads its own there. A click or Enter is sent, as a share of
// height and width; so is the name of a picture whose button was pressed.

const STATES = new WeakMap()
const SVG = "http://www.w3.org/2000/svg"
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".picture-wall")
  let s = STATES.get(root)
  if (!s) STATES.set(root, (s = { root }))
  s.send = setTriggerValue
  const text = JSON.stringify(data)
  if (s.text !== text) {
    s.text = text
    s.data = data
    root.style.setProperty("--least", `${data.least}px`)
    root.style.setProperty("--most", `${data.most}px`)
    s.panels = []
    root.replaceChildren(...data.groups.map(group => row(s, group)))
  }
  s.stopListening?.()
  const listener = e => mark(s, e.detail)
  if (data.linked) window.addEventListener("picture-wall", listener)
  s.stopListening = () => window.removeEventListener("picture-wall", listener)
  return s.stopListening
}

// ---------------------------------------------------------------- building

function row(s, group) {
  const section = element("section", "group")
  if (group.title) section.append(element("h4", "", group.title))
  const grid = element("div", "grid")
  grid.append(...group.panels.map(panel => figure(s, group, panel)))
  section.append(grid)
  return section
}

function figure(s, group, panel) {
  if (panel.instead) {
    const said = element("figure", "panel")
    said.append(element("figcaption", "title", panel.title), element("p", "instead", panel.instead))
    return said
  }
  const { size: [h, w], cells, field } = panel, box = element("figure", "panel")
  const svg = draw("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": panel.alt })
  svg.append(draw("image", { href: panel.src, width: w, height: h, class: Math.max(h, w) < 150 ? "few" : "", preserveAspectRatio: "none" }))
  const p = { panel, svg, marks: ["casing", "line"].map(name => line(svg, cells ? name : `${name} thin`)) }
  s.panels.push(p)
  box.append(element("figcaption", "title", panel.title))
  if (s.data.linked) {
    const area = element("div", "area")
    area.append(svg)
    if (field) p.values = new Int16Array(Uint8Array.from(atob(field.data), c => c.charCodeAt(0)).buffer)
    if (cells || field) {
      area.tabIndex = 0
      area.setAttribute("role", "application")
      area.setAttribute("aria-label", `${panel.title}. ${s.data.help}`)
    }
    follow(s, p, area)
    box.append(area)
  } else box.append(svg)
  if (cells || field) box.append((p.readout = element("p", "readout", s.data.hint)))
  if (panel.bar) box.append(bar(panel.bar))
  if (panel.legend.length) box.append(legend(panel.legend))
  if (panel.caption) box.append(element("p", "caption", panel.caption))
  if (panel.action) {
    const button = element("button", "", panel.action)
    button.setAttribute("aria-label", `${panel.action}: ${[group.title || s.data.label, panel.title].filter(Boolean).join(", ")}`)
    button.addEventListener("click", () => s.send("acted", panel.name))
    box.append(button)
  }
  return box
}

function line(svg, name) {
  return svg.appendChild(draw("path", { class: `mark ${name}` }))
}

function bar({ stops, ticks, label }) {
  const box = element("div", "bar"), strip = element("div", "strip"), line = element("div", "ticks")
  strip.style.background = `linear-gradient(to right, ${stops.join(", ")})`
  line.append(...ticks.map(([, text]) => element("span", "", text)))
  box.append(strip, line, element("div", "label", label))
  return box
}

function legend(entries) {
  const list = element("ul", "legend")
  for (const { color, name } of entries) {
    const item = element("li"), patch = element("span", "patch")
    patch.style.background = color
    item.append(patch, element("span", "", name))
    list.append(item)
  }
  return list
}

// ---------------------------------------------------------------- pointing

function follow(s, p, area) {
  area.addEventListener("pointermove", e => { if (e.pointerType === "mouse" || e.buttons) point(s, placeOf(area, e)) })
  area.addEventListener("pointerleave", () => point(s, null))
  area.addEventListener("blur", () => point(s, null))
  area.addEventListener("click", e => pick(s, placeOf(area, e)))
  area.addEventListener("keydown", e => {
    if (!p.readout) return
    const [rows, columns] = counts(p.panel), [y, x] = s.place ? cell(p.panel, s.place) : [rows >> 1, columns >> 1]
    if (e.key in KEYS) {
      const [dy, dx] = s.place ? KEYS[e.key] : [0, 0]
      point(s, middle(p.panel, [clamp(y + dy, rows), clamp(x + dx, columns)]))
    } else if ((e.key === "Enter" || e.key === " ") && s.place) pick(s, s.place)
    else if (e.key === "Escape") point(s, null)
    else return
    e.preventDefault()
  })
}

function placeOf(area, e) {
  const r = area.getBoundingClientRect()
  return [limit((e.clientY - r.top) / r.height), limit((e.clientX - r.left) / r.width)]
}

function point(s, place) {
  window.dispatchEvent(new CustomEvent("picture-wall", { detail: place }))
}

function mark(s, place) {
  s.place = place
  for (const p of s.panels) {
    const { size: [h, w], cells } = p.panel
    let path = ""
    if (place && cells) {
      const [y, x] = cell(p.panel, place), [top, bottom] = cells.rows[y], [left, right] = cells.columns[x]
      path = `M${left} ${top}H${right}V${bottom}H${left}Z`
      p.readout.textContent = cells.texts[y][x]
    } else if (place) path = `M0 ${place[0] * h}H${w}M${place[1] * w} 0V${h}`
    if (place && p.values) p.readout.textContent = valueAt(p, cell(p.panel, place))
    else if (!place && p.readout) p.readout.textContent = s.data.hint
    p.marks.forEach(part => part.setAttribute("d", path))
  }
}

function pick(s, place) {
  if (s.data.picks) s.send("picked", place)
}

// What is read place by place: the cells, or the numbers of a field.
function counts({ cells, field }) {
  return cells ? [cells.rows.length, cells.columns.length] : field.size
}

// The cell whose middle is nearest to a place, or the number that stands there.
function cell({ size: [h, w], cells, field }, [y, x]) {
  if (cells) return [nearest(cells.rows, y * h), nearest(cells.columns, x * w)]
  return [clamp(Math.floor(y * field.size[0]), field.size[0]), clamp(Math.floor(x * field.size[1]), field.size[1])]
}

function middle({ size: [h, w], cells, field }, [y, x]) {
  if (!cells) return [(y + 0.5) / field.size[0], (x + 0.5) / field.size[1]]
  return [(cells.rows[y][0] + cells.rows[y][1]) / 2 / h, (cells.columns[x][0] + cells.columns[x][1]) / 2 / w]
}

function valueAt({ panel: { field, size }, values }, [y, x]) {
  const value = (values[y * field.size[1] + x] / 32767) * field.largest
  const [row, column] = [(y * size[0]) / field.size[0], (x * size[1]) / field.size[1]].map(Math.round)
  return `row ${row}, column ${column}: ${value ? value.toPrecision(3).replaceAll("-", "−") : 0}`
}

const nearest = (spans, at) => spans.reduce((best, span, i) => (away(span, at) < away(spans[best], at) ? i : best), 0)
const away = ([start, stop], at) => Math.abs((start + stop) / 2 - at)
const clamp = (i, count) => Math.min(count - 1, Math.max(0, i))
const limit = share => Math.min(1, Math.max(0, share))

function draw(name, attributes) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text) made.textContent = text
  return made
}
