// A picture for each network, and one occluder that is dragged over all of them; below, the classes with and without it. While it is
// dragged the server is asked again as soon as it has answered, never before; at the end the place goes into the page's address.

const STATES = new WeakMap()
const SVG = "http://www.w3.org/2000/svg"
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
const PATIENCE = 4000 // ms without an answer, after which the server is asked again

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".hand-occluder")
  let s = STATES.get(root)
  if (!s) STATES.set(root, (s = { root, number: 0, asked: 0, answered: 0, wish: null }))
  s.send = setTriggerValue
  const text = JSON.stringify(data)
  if (s.text !== text) {
    s.text = text
    s.data = data
    build(s)
    s.at ??= [0.5, 0.5]
    receive(s, window.handOccluderPushes?.get(data.channel))
  }
  const name = `hand-occluder:${data.channel}`, listener = () => receive(s, window.handOccluderPushes.get(data.channel))
  s.stopListening?.()
  window.addEventListener(name, listener)
  s.stopListening = () => window.removeEventListener(name, listener)
  return s.stopListening
}

// What the page knows: the place, and each network's classes for it. Of a place older than the hand's only the classes are taken.
function receive(s, push) {
  if (!push) return
  s.answered = Math.max(s.answered, push.number)
  push.results.forEach((result, i) => s.views[i] && bars(s.views[i], result))
  if (!s.drag && push.number >= s.asked && !s.wish) s.at = push.at
  show(s)
  if (s.wish) ask(s, ...s.wish)
}

function build(s) {
  s.views = s.data.pictures.map(picture => {
    const box = element("figure", "view"), [h, w] = picture.size
    const svg = draw("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": picture.alt })
    svg.append(draw("image", { href: picture.src, width: w, height: h, class: Math.max(h, w) < 150 ? "few" : "", preserveAspectRatio: "none" }))
    const rect = draw("rect", { class: "occluder", fill: picture.fill }), frame = draw("rect", { class: "frame" })
    svg.append(rect, frame)
    const area = element("div", "area"), list = element("div", "bars"), said = element("p", "said")
    area.tabIndex = 0
    area.setAttribute("role", "application")
    area.setAttribute("aria-label", s.data.label.replace("{title}", picture.title))
    area.append(svg)
    box.append(element("figcaption", "", picture.title), area, said, list)
    const view = { picture, svg, rects: [rect, frame], list, said }
    hold(s, view, area)
    return view
  })
  s.views.forEach(view => view.said.setAttribute("role", "status"))
  s.root.replaceChildren(...s.views.map(view => view.svg.parentElement.parentElement))
}

// ---------------------------------------------------------------- the hand

function hold(s, view, area) {
  area.addEventListener("pointerdown", e => {
    if (e.button) return
    const at = placeOf(view, e), inside = within(s, view, at)
    if (e.pointerType === "touch" && !inside) return // it may be the start of a scroll; a tap comes as a click
    s.drag = inside ? [at[0] - s.at[0], at[1] - s.at[1]] : [0, 0]
    area.setPointerCapture(e.pointerId)
    area.classList.add("held")
    if (!inside) move(s, at, false)
  })
  area.addEventListener("pointermove", e => {
    if (!s.drag) return
    const at = placeOf(view, e)
    move(s, [at[0] - s.drag[0], at[1] - s.drag[1]], false)
  })
  const drop = () => {
    if (!s.drag) return
    s.drag = null
    area.classList.remove("held")
    move(s, s.at, true)
  }
  area.addEventListener("pointerup", drop)
  area.addEventListener("pointercancel", drop)
  area.addEventListener("click", e => {
    const at = placeOf(view, e)
    if (!within(s, view, at)) move(s, at, true)
  })
  area.addEventListener("keydown", e => {
    const { size: [h, w] } = view.picture
    if (!(e.key in KEYS)) return
    const [dy, dx] = KEYS[e.key], step = e.shiftKey ? [1 / h, 1 / w] : [s.data.share / 4, s.data.share / 4]
    move(s, [s.at[0] + dy * step[0], s.at[1] + dx * step[1]], true)
    e.preventDefault()
  })
}

function move(s, [y, x], final) {
  const least = s.data.share / 2, limit = at => Math.round(1000 * Math.min(1 - least, Math.max(least, at))) / 1000
  const at = [limit(y), limit(x)]
  if (!final && String(at) === String(s.at)) return
  s.at = at
  show(s)
  if (final) remember(s)
  ask(s, at, final)
}

function ask(s, at, final) {
  if (s.answered < s.asked && Date.now() - s.askedAt < PATIENCE) {
    s.wish = [at, final]
    return
  }
  s.wish = null
  s.asked = Math.max(s.asked, s.answered) + 1
  s.askedAt = Date.now()
  s.send("moved", { at, final, number: s.asked })
}

function remember(s) {
  const url = new URL(window.location.href)
  url.searchParams.set(s.data.name, s.at.map(share => `${Math.round(1000 * share) / 10}`).join(","))
  window.history.replaceState(window.history.state, "", url)
}

// ---------------------------------------------------------------- drawing

function show(s) {
  s.views.forEach(view => {
    const [top, left, height, width] = place(s, view.picture.size)
    view.rects.forEach(rect => {
      for (const [name, value] of Object.entries({ x: left, y: top, width, height })) rect.setAttribute(name, value)
    })
  })
}

// The occluder in whole pixels of a picture, as the server computes it: pages/parts/hand_occluder.py, `box`.
function place(s, [h, w]) {
  const sides = [h, w].map(side => Math.max(1, Math.floor(s.data.share * side + 0.5)))
  const starts = [h, w].map((side, i) => Math.min(side - sides[i], Math.max(0, Math.floor(s.at[i] * side - sides[i] / 2 + 0.5))))
  return [...starts, ...sides]
}

function within(s, view, [y, x]) {
  const { size } = view.picture, [top, left, height, width] = place(s, size)
  return y * size[0] >= top && y * size[0] < top + height && x * size[1] >= left && x * size[1] < left + width
}

function placeOf(view, e) {
  const r = view.svg.getBoundingClientRect()
  return [(e.clientY - r.top) / r.height, (e.clientX - r.left) / r.width]
}

function bars(view, { said, rows }) {
  if (view.said.textContent !== said) view.said.textContent = said
  while (view.list.children.length > rows.length) view.list.lastChild.remove()
  while (view.list.children.length < rows.length) view.list.append(bar())
  rows.forEach((row, i) => {
    const line = view.list.children[i], [name, text, before, after] = line.parts
    line.classList.toggle("chosen", row.chosen)
    name.textContent = row.name
    text.textContent = row.text
    before.style.width = `${100 * row.before}%`
    after.style.width = `${100 * row.after}%`
  })
}

function bar() {
  const line = element("div", "class"), track = element("div", "track")
  line.parts = [element("span", "name"), element("span", "text"), element("div", "before"), element("div", "after")]
  track.append(line.parts[2], line.parts[3])
  track.setAttribute("aria-hidden", "true")
  line.append(line.parts[0], line.parts[1], track)
  return line
}

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
