// The layer graph on the page: shows the SVG that netlib.figures.graph_svg wrote, in the page's theme.
// State lives per mounted element, so that reruns of the page change nothing but what really changed.

const STATES = new WeakMap()
const TEXTS = {
  search: "Find a layer", zoomIn: "Zoom in", zoomOut: "Zoom out", width: "Fit width", all: "Fit all", full: "Full screen",
  svg: "SVG", png: "PNG", downloadSvg: "Download as SVG", downloadPng: "Download as PNG", matches: "{i} of {n}", none: "no match",
  hint: "Click or Enter selects · + or Space opens a block · arrows walk along the edges · Ctrl-wheel, + − 0 zoom",
}
const MIN = 0.05, MAX = 3, READABLE = 0.6, BAND = 1500

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".layer-graph")
  let s = STATES.get(root)
  if (!s) STATES.set(root, (s = start(root)))
  s.send = setTriggerValue
  s.data = data
  s.t = { ...TEXTS, ...data.texts }
  label(s)
  s.view.style.height = `${data.height}px`
  root.classList.toggle("dark", isDark(root))
  if (s.text !== data.svg) build(s)
  else drawMap(s)
  s.stopListening?.()
  s.stopListening = listen(data.channel, push => receive(s, push))
}

// ---------------------------------------------------------------- building

function start(root) {
  const $ = name => root.querySelector(name)
  const s = { root, view: $(".view"), map: $(".map"), lens: $(".lens"), tip: $(".tip"), legend: $(".legend"), input: $("input"), found: $(".found"), scale: 1, at: -1, hits: [] }
  const on = (name, action) => ($(`[data-do=${name}]`).onclick = action)
  on("zoomIn", () => zoom(s, 1.25))
  on("zoomOut", () => zoom(s, 0.8))
  on("width", () => fit(s, "width"))
  on("all", () => fit(s, "all"))
  on("full", () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()))
  on("svg", () => save(s, new Blob([s.text], { type: "image/svg+xml" }), "svg"))
  on("png", () => savePng(s))
  const v = s.view
  v.addEventListener("click", e => click(s, e))
  v.addEventListener("dblclick", e => {
    const hit = e.target.closest(".node[data-module], .frame-of")
    if (hit && !e.target.closest(".toggle")) toggle(s, hit.dataset.module)
  })
  v.addEventListener("keydown", e => key(s, e))
  v.addEventListener("wheel", e => {
    if (!e.ctrlKey && !e.metaKey) return
    e.preventDefault()
    zoom(s, Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.002)), ...inView(s, e))
  }, { passive: false })
  v.addEventListener("scroll", () => { hideTip(s); later(s, "look", () => look(s)) }, { passive: true })
  v.addEventListener("pointerover", e => e.pointerType === "mouse" && hover(s, e.target.closest(".node")))
  v.addEventListener("pointerleave", () => hideTip(s))
  v.addEventListener("focusin", e => { const n = e.target.closest(".node"); if (n?.matches(":focus-visible")) showTip(s, n) })
  v.addEventListener("focusout", () => hideTip(s))
  drag(s)
  pinch(s)
  s.map.addEventListener("pointerdown", e => { s.map.setPointerCapture(e.pointerId); jumpOnMap(s, e) })
  s.map.addEventListener("pointermove", e => { if (e.buttons) jumpOnMap(s, e) })
  s.input.addEventListener("input", () => search(s))
  s.input.addEventListener("keydown", e => {
    if (e.key === "Enter") { e.preventDefault(); jump(s, e.shiftKey ? -1 : 1) }
    if (e.key === "Escape") { s.input.value = ""; search(s) }
  })
  new ResizeObserver(() => { if (s.svg) { resized(s); later(s, "map", () => drawMap(s)) } }).observe(v)
  return s
}

function label(s) {
  for (const b of s.root.querySelectorAll("[data-do]")) {
    const name = b.dataset.do, long = { svg: "downloadSvg", png: "downloadPng" }[name] ?? name
    b.setAttribute("aria-label", s.t[long])
    b.title = s.t[long]
    if (b.dataset.text !== undefined) b.textContent = s.t[name]
  }
  s.input.placeholder = s.t.search
  s.input.setAttribute("aria-label", s.t.search)
  s.root.querySelector(".hint").textContent = s.t.hint
}

function build(s) {
  const anchor = s.svg && s.name === s.data.filename ? anchors(s) : null
  const focused = s.view.contains(s.root.getRootNode().activeElement) ? s.current : null
  s.text = s.data.svg
  s.name = s.data.filename
  const svg = document.importNode(new DOMParser().parseFromString(s.text, "image/svg+xml").documentElement, true)
  s.legend.replaceChildren(...legend(svg))
  svg.querySelectorAll(".paper").forEach(part => part.remove())
  const [, , w, h] = svg.dataset.graph.split(" ").map(Number)
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`)
  svg.setAttribute("aria-label", s.data.label || svg.getAttribute("aria-label"))
  Object.assign(s, { svg, w, h, nodes: new Map(), next: new Map(), before: new Map() })
  for (const el of svg.querySelectorAll(".node")) {
    const [x, y] = el.getAttribute("transform").match(/-?[\d.]+/g).map(Number)
    const card = [...el.querySelectorAll(".card")].pop(), title = el.querySelector("title")
    const id = el.dataset.node, extra = s.data.names?.[id] ?? ""
    const node = { id, el, x, y, w: +card.getAttribute("width"), h: +card.getAttribute("height"), tip: title.textContent }
    node.words = `${node.tip} ${el.textContent} ${el.dataset.words} ${extra}`.toLowerCase()
    title.remove()
    el.tabIndex = -1
    s.nodes.set(id, node)
  }
  svg.querySelectorAll(".toggle").forEach(el => { el.setAttribute("tabindex", "-1"); el.querySelector("title").remove() })
  for (const el of svg.querySelectorAll(".edge[data-from]")) {
    const { from, to } = el.dataset
    s.next.set(from, [...(s.next.get(from) ?? []), to])
    s.before.set(to, [...(s.before.get(to) ?? []), from])
  }
  cutIntoBands(s)
  s.map.hidden = s.root.clientWidth < 620 || s.h < 1.2 * s.data.height
  s.view.replaceChildren(svg)
  s.root.classList.remove("busy")
  mark(s, s.nodes.has(s.selected) ? s.selected : null)
  const heir = focused && (s.nodes.has(focused) ? focused : inside(s, s.toggled))
  rove(s, heir || s.selected)
  if (heir) s.nodes.get(heir).el.focus({ preventScroll: true })
  if (s.input.value) search(s)
  if (anchor) restore(s, anchor)
  else open(s)
  later(s, "map", () => drawMap(s))
}

// Where the keyboard goes on after a block was opened or closed: its first node, or the node that it became.
function inside(s, module) {
  const closed = [...s.nodes.values()].find(n => n.el.dataset.module === module)
  if (closed) return closed.id
  const f = frameOf(s, module)
  return f && [...s.nodes.values()].find(n => n.x >= f.x && n.x < f.x + f.w && n.y >= f.y && n.y < f.y + f.h)?.id
}

function frameOf(s, module) {
  const frame = s.svg.querySelector(`.frame-of[data-module="${CSS.escape(module ?? "")}"]`)
  if (!frame) return null
  const [x, y] = frame.getAttribute("transform").match(/-?[\d.]+/g).map(Number), rect = frame.querySelector("rect")
  return { x, y, w: +rect.getAttribute("width"), h: +rect.getAttribute("height") }
}

function legend(svg) {
  return [...svg.querySelectorAll(".legend .entry")].map(entry => {
    const own = document.createElementNS("http://www.w3.org/2000/svg", "svg"), { width } = entry.dataset
    own.setAttribute("viewBox", `0 -9 ${width} 18`)
    own.setAttribute("width", width)
    own.setAttribute("height", 18)
    own.append(...entry.childNodes)
    return own
  })
}

function isDark(root) {
  const [r, g, b] = (getComputedStyle(root).backgroundColor.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number)
  return 0.299 * r + 0.587 * g + 0.114 * b < 128
}

// ---------------------------------------------------------------- what part is seen

function setScale(s, scale, left = null) {
  s.scale = Math.min(MAX, Math.max(MIN, scale))
  const w = s.w * s.scale, room = s.view.clientWidth
  s.left = left === null ? Math.max(0, (room - w) / 2) : Math.max(0, left)
  s.svg.style.width = `${w}px`
  s.svg.style.height = `${s.h * s.scale}px`
  s.svg.style.marginLeft = `${s.left}px`
  later(s, "look", () => look(s))
}

// The window has another width, perhaps because the overview came or went: what is seen stays where it is, if there is room.
function resized(s) {
  if (s.fitted) return fit(s, s.fitted)
  setScale(s, s.scale, Math.min(s.left, s.view.clientWidth - s.w * s.scale))
}

// What follows the eye: the window on the overview, and which bands of a large drawing the browser has to paint.
function look(s) {
  const { view: v, lens } = s, [k, dx] = s.mapScale ?? [0, 0], z = k / s.scale
  lens.hidden = s.map.hidden
  lens.style.transform = `translate(${Math.max(0, dx + (v.scrollLeft - s.left) * z)}px, ${v.scrollTop * z}px)`
  lens.style.width = `${Math.min(s.map.clientWidth, v.clientWidth * z)}px`
  lens.style.height = `${Math.min(s.map.clientHeight, Math.max(6, v.clientHeight * z))}px`
  const top = v.scrollTop / s.scale - BAND, low = (v.scrollTop + v.clientHeight) / s.scale + BAND
  for (const band of s.bands) band.g.style.display = band.y + BAND > top && band.y < low ? "" : "none"
}

function cutIntoBands(s) {
  const found = new Map(), height = el => +el.getAttribute("transform").match(/-?[\d.]+/g)[1]
  const put = (kind, y, el) => { // kinds in the order they are painted: frames, edges, nodes
    const at = Math.floor(y / BAND), name = `${kind} ${at}`
    if (!found.has(name)) found.set(name, { kind, y: at * BAND, g: document.createElementNS(s.svg.namespaceURI, "g") })
    found.get(name).g.append(el)
    return found.get(name)
  }
  s.bands = []
  if (s.nodes.size < 250) return
  for (const el of [...s.svg.children]) {
    const { from, to } = el.dataset ?? {}
    if (from && s.nodes.get(to).y - s.nodes.get(from).y < BAND) put(1, s.nodes.get(from).y, el)
    else if (el.matches(".node, .toggle")) put(2, height(el), el)
    else if (el.matches(".frame-of") && +el.firstChild.getAttribute("height") < BAND) put(0, height(el), el)
  }
  s.bands = [...found.values()].sort((a, b) => a.kind - b.kind || a.y - b.y)
  s.svg.append(...s.bands.map(band => band.g))
}

function zoom(s, factor, px = s.view.clientWidth / 2, py = s.view.clientHeight / 2) {
  const x = (s.view.scrollLeft + px - s.left) / s.scale, y = (s.view.scrollTop + py) / s.scale
  s.fitted = null
  setScale(s, s.scale * factor)
  s.view.scrollTo({ left: x * s.scale + s.left - px, top: y * s.scale - py, behavior: "instant" })
}

// The first look: as large as fits, but large enough to read, with the start of the main line in the middle.
function open(s) {
  const first = s.nodes.values().next().value, wide = (s.view.clientWidth - 4) / s.w
  setScale(s, Math.min(1.1, Math.max(READABLE, wide)))
  s.fitted = wide >= READABLE ? "width" : null
  s.view.scrollTo({ left: first ? centre(first) * s.scale - s.view.clientWidth / 2 : 0, top: 0, behavior: "instant" })
}

function fit(s, mode) {
  const v = s.view, y = (v.scrollTop + v.clientHeight / 2) / s.scale
  const wide = (v.clientWidth - 4) / s.w
  setScale(s, mode === "all" ? Math.min(wide, (v.clientHeight - 4) / s.h, 1.1) : Math.min(1.1, wide))
  s.fitted = mode
  v.scrollTo({ left: (v.scrollWidth - v.clientWidth) / 2, top: v.scrollTop && y * s.scale - v.clientHeight / 2, behavior: "instant" })
}

// Where each node stands on the screen, nearest to the toggled block first: some node that stays keeps its place.
function anchors(s) {
  const v = s.view, old = s.toggled && (s.svg.querySelector(`.toggle[data-module="${CSS.escape(s.toggled)}"]`) ?? null)
  const y = old ? +old.getAttribute("transform").match(/-?[\d.]+/g)[1] : (v.scrollTop + v.clientHeight / 2) / s.scale
  const list = [...s.nodes.values()].map(n => ({ id: n.id, cost: n.y <= y ? y - n.y : 1e6 + n.y - y, x: n.x + n.w / 2, y: n.y }))
  list.sort((a, b) => a.cost - b.cost)
  return { list, scale: s.scale, left: s.left, scrollLeft: v.scrollLeft, scrollTop: v.scrollTop }
}

function restore(s, a) {
  const kept = a.list.find(n => s.nodes.has(n.id)), now = kept && s.nodes.get(kept.id)
  if (!now) return fit(s, "width")
  const screenX = a.left + kept.x * a.scale - a.scrollLeft, screenY = kept.y * a.scale - a.scrollTop, x = (now.x + now.w / 2) * a.scale
  const opened = frameOf(s, s.toggled), room = s.view.clientWidth - 4
  s.fitted = null
  if (opened && opened.w * a.scale > room) { // a block wider than the window: smaller, as far as one can read it, and in the middle
    setScale(s, Math.max(room / opened.w, Math.min(a.scale, READABLE)))
    const left = s.left + (opened.x + opened.w / 2) * s.scale - s.view.clientWidth / 2
    return s.view.scrollTo({ left, top: now.y * s.scale - screenY, behavior: "instant" })
  }
  setScale(s, a.scale, screenX - x)
  s.view.scrollTo({ left: s.left + x - screenX, top: now.y * a.scale - screenY, behavior: "instant" })
}

function reveal(s, id) {
  const n = s.nodes.get(id), v = s.view, pad = 60
  const g = n.el.parentNode
  if (g !== s.svg) g.style.display = "" // so that it can take the focus before it is in sight
  const x = s.left + n.x * s.scale, y = n.y * s.scale, w = n.w * s.scale, h = n.h * s.scale
  const clamp = (at, from, size, room) => (at < from + pad ? at - pad : at + size > from + room - pad ? at + size - room + pad : from)
  const left = clamp(x, v.scrollLeft, w, v.clientWidth), far = Math.abs(y - v.scrollTop) > 2 * v.clientHeight
  const top = far ? y - v.clientHeight / 2 : clamp(y, v.scrollTop, h, v.clientHeight)
  v.scrollTo({ left, top, behavior: far || matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth" })
}

const inView = (s, e) => { const r = s.view.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top] }

function drag(s) {
  const v = s.view
  v.addEventListener("pointerdown", e => {
    if (e.pointerType !== "mouse" || e.button) return
    s.drag = { x: e.clientX, y: e.clientY, left: v.scrollLeft, top: v.scrollTop, moved: false, id: e.pointerId }
  })
  v.addEventListener("pointermove", e => {
    const d = s.drag
    if (!d || !(e.buttons & 1)) return (s.drag = null)
    if (!d.moved && Math.hypot(e.clientX - d.x, e.clientY - d.y) < 5) return
    if (!d.moved) { d.moved = true; v.setPointerCapture(d.id); v.classList.add("dragging") }
    v.scrollTo({ left: d.left + d.x - e.clientX, top: d.top + d.y - e.clientY, behavior: "instant" })
  })
  const end = () => { if (s.drag?.moved) { v.classList.remove("dragging"); s.dragged = performance.now() } s.drag = null }
  v.addEventListener("pointerup", end)
  v.addEventListener("pointercancel", end)
}

function pinch(s) {
  const gap = t => Math.hypot(t[0].clientX - t[1].clientX, t[0].clientY - t[1].clientY)
  let last = 0
  s.view.addEventListener("touchstart", e => { if (e.touches.length === 2) last = gap(e.touches) }, { passive: true })
  s.view.addEventListener("touchmove", e => {
    if (e.touches.length !== 2) return
    e.preventDefault()
    const [a, b] = e.touches, now = gap(e.touches)
    zoom(s, now / last, ...inView(s, { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }))
    last = now
  }, { passive: false })
}

// ---------------------------------------------------------------- selecting, opening, walking

function click(s, e) {
  if (s.dragged && performance.now() - s.dragged < 50) return
  const button = e.target.closest(".toggle")
  if (button) return toggle(s, button.dataset.module)
  const el = e.target.closest(".node")
  if (el && e.detail < 2) select(s, el.dataset.node)
}

function select(s, id) {
  mark(s, id)
  rove(s, id)
  s.nodes.get(id).el.focus({ preventScroll: true })
  s.send("selected", { node: id, layer: s.nodes.get(id).el.dataset.layer })
}

function toggle(s, module) {
  s.toggled = module
  s.root.classList.add("busy")
  hideTip(s)
  s.send("toggled", module)
}

function mark(s, id) {
  s.svg.querySelectorAll(".selected, .near").forEach(el => { el.classList.remove("selected", "near"); el.removeAttribute("aria-pressed") })
  if (id === null) return
  s.selected = id
  s.nodes.get(id).el.classList.add("selected")
  s.nodes.get(id).el.setAttribute("aria-pressed", "true")
  const name = CSS.escape(id)
  s.svg.querySelectorAll(`.edge[data-from="${name}"], .edge[data-to="${name}"]`).forEach(el => el.classList.add("near"))
}

function rove(s, id) {
  const old = s.nodes.get(s.current), now = s.nodes.get(id) ?? s.nodes.values().next().value
  if (old) old.el.tabIndex = -1
  if (now) now.el.tabIndex = 0
  s.current = now?.id
}

function key(s, e) {
  if (e.altKey || e.ctrlKey || e.metaKey) return
  const id = e.target.closest(".node")?.dataset.node, module = e.target.closest("[data-module]")?.dataset.module
  const ids = [...s.nodes.keys()]
  const step = { ArrowDown: () => along(s, id, s.next), ArrowUp: () => along(s, id, s.before), ArrowLeft: () => beside(s, id, -1),
    ArrowRight: () => beside(s, id, 1), Home: () => ids[0], End: () => ids[ids.length - 1] }[e.key]
  if (step) {
    const to = id ? step() : s.current
    if (to) { rove(s, to); reveal(s, to); s.nodes.get(to).el.focus({ preventScroll: true }) }
  } else if (e.key === "Enter" && id) select(s, id)
  else if (e.key === " " && (id || module)) module ? toggle(s, module) : select(s, id)
  else if (e.key === "+" || e.key === "=") zoom(s, 1.25)
  else if (e.key === "-") zoom(s, 0.8)
  else if (e.key === "0") fit(s, "width")
  else if (e.key === "Escape") hideTip(s)
  else return
  e.preventDefault()
}

const centre = n => n.x + n.w / 2

function along(s, id, ways) {
  const here = s.nodes.get(id)
  const steps = (ways.get(id) ?? []).map(name => s.nodes.get(name))
  const cost = n => Math.abs(n.y - here.y) + Math.abs(centre(n) - centre(here)) / 2 // the next row, the straightest way
  return steps.sort((a, b) => cost(a) - cost(b))[0]?.id
}

function beside(s, id, side) {
  const here = s.nodes.get(id)
  const row = [...s.nodes.values()].filter(n => (centre(n) - centre(here)) * side > 1 && n.y < here.y + here.h && here.y < n.y + n.h)
  return row.sort((a, b) => (centre(a) - centre(b)) * side)[0]?.id
}

// The page selects a node, from a table row for instance: a small message of its own, so that the drawing is not sent again.
function listen(channel, act) {
  const box = (window.layerGraphPushes ??= new Map()), name = `layer-graph:${channel}`
  const receive = () => box.has(channel) && act(box.get(channel))
  window.addEventListener(name, receive)
  receive()
  return () => window.removeEventListener(name, receive)
}

function receive(s, push) {
  if (push.version === s.version) return
  s.version = push.version
  if (!push.selected || !s.nodes.has(push.selected)) { s.selected = push.selected ?? undefined; return mark(s, null) }
  mark(s, push.selected)
  rove(s, push.selected)
  reveal(s, push.selected)
}

// ---------------------------------------------------------------- search, hover card, overview, files

function search(s) {
  const terms = s.input.value.toLowerCase().split(/\s+/).filter(Boolean)
  s.hits = terms.length ? [...s.nodes.values()].filter(n => terms.every(t => n.words.includes(t))) : []
  s.at = -1
  s.svg.classList.toggle("searching", terms.length > 0)
  for (const n of s.nodes.values()) n.el.classList.remove("match", "here")
  s.hits.forEach(n => n.el.classList.add("match"))
  s.found.textContent = ""
  if (terms.length) s.hits.length ? jump(s, 1) : (s.found.textContent = s.t.none)
  drawMap(s)
}

function jump(s, step) {
  if (!s.hits.length) return
  s.hits[s.at]?.el.classList.remove("here")
  s.at = (s.at + step + s.hits.length) % s.hits.length
  s.hits[s.at].el.classList.add("here")
  s.found.textContent = s.t.matches.replace("{i}", s.at + 1).replace("{n}", s.hits.length)
  rove(s, s.hits[s.at].id)
  reveal(s, s.hits[s.at].id)
}

function hover(s, el) {
  clearTimeout(s.timer)
  if (!el || s.drag?.moved) return hideTip(s)
  s.timer = setTimeout(() => showTip(s, el), 160)
}

function showTip(s, el) {
  const n = s.nodes.get(el.dataset.node)
  if (!n || !el.isConnected) return
  const [head, ...facts] = n.tip.split("\n"), strong = document.createElement("strong")
  strong.textContent = head
  s.tip.replaceChildren(strong, ...facts.map(text => Object.assign(document.createElement("div"), { textContent: text })))
  s.tip.hidden = false
  const box = s.view.getBoundingClientRect(), r = el.getBoundingClientRect(), { offsetWidth: w, offsetHeight: h } = s.tip
  const right = r.right - box.left + 12, left = r.left - box.left - w - 12
  const x = right + w < box.width ? right : left > 0 ? left : Math.min(Math.max(4, r.left - box.left), box.width - w - 4)
  const y = x === right || x === left ? r.top - box.top : r.bottom - box.top + 8
  s.tip.style.transform = `translate(${x}px, ${Math.max(4, Math.min(y, box.height - h - 4))}px)`
}

function hideTip(s) {
  clearTimeout(s.timer)
  s.tip.hidden = true
}

function drawMap(s) {
  const v = s.view, { map } = s
  if (map.hidden) return look(s)
  const k = Math.min(110 / s.w, (v.clientHeight - 24) / s.h), ratio = devicePixelRatio || 1
  const w = Math.max(28, s.w * k), h = s.h * k, dx = (w - s.w * k) / 2, pen = map.getContext("2d"), colors = new Map()
  map.width = w * ratio
  map.height = h * ratio
  map.style.width = `${w}px`
  map.style.height = `${h}px`
  pen.scale(ratio, ratio)
  for (const n of s.nodes.values()) {
    const css = n.el.getAttribute("class")
    if (!colors.has(css)) { const look = getComputedStyle(n.el.querySelector(".card")); colors.set(css, /\bv\d/.test(css) ? look.fill : look.stroke) }
    pen.fillStyle = colors.get(css)
    pen.globalAlpha = s.hits.length && !n.el.classList.contains("match") ? 0.25 : 1
    pen.fillRect(dx + n.x * k, n.y * k, Math.max(2, n.w * k), Math.max(1, n.h * k))
  }
  s.mapScale = [k, dx]
  look(s)
}

function jumpOnMap(s, e) {
  const r = s.map.getBoundingClientRect(), [k, dx] = s.mapScale, v = s.view
  const x = (e.clientX - r.left - dx) / k, y = (e.clientY - r.top) / k
  v.scrollTo({ left: s.left + x * s.scale - v.clientWidth / 2, top: y * s.scale - v.clientHeight / 2, behavior: "instant" })
}

function later(s, name, action) {
  s.frames ??= {}
  s.frames[name] ??= requestAnimationFrame(() => { s.frames[name] = undefined; action() })
}

function save(s, blob, ending) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${s.data.filename}.${ending}` })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

async function savePng(s) {
  const url = URL.createObjectURL(new Blob([s.text], { type: "image/svg+xml" })), image = new Image()
  image.src = url
  await image.decode()
  const { naturalWidth: w, naturalHeight: h } = image
  const k = Math.min(2, 16000 / w, 16000 / h, Math.sqrt(1.2e8 / (w * h))) // twice the size, or what a canvas can hold
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(w * k), height: Math.round(h * k) })
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
  URL.revokeObjectURL(url)
  canvas.toBlob(blob => save(s, blob, "png"), "image/png")
}
