// A pad to draw on. Each finished stroke sends the whole drawing as a small PNG, after a short rest; an empty pad sends "".
// The strokes outlive the pad: on the next page the drawing can still be taken back.

const STATES = new WeakMap()
const INSIDE = 256 // the drawing's own units, whatever its size on the screen
const PEN = 26
const REST = 250 // ms
const STROKES = (window.drawnStrokes ??= [])

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".draw-pad")
  let s = STATES.get(root)
  if (!s) STATES.set(root, (s = start(root)))
  s.send = setStateValue
  s.side = data.side
  s.canvas.setAttribute("aria-label", data.label)
  s.canvas.title = data.label
  show(s)
}

function start(root) {
  const canvas = root.querySelector("canvas"), s = { canvas, status: root.querySelector("[role=status]") }
  s.undo = root.querySelector("[data-do=undo]")
  s.clear = root.querySelector("[data-do=clear]")
  canvas.width = canvas.height = INSIDE
  s.undo.addEventListener("click", () => change(s, () => STROKES.pop(), "Last stroke taken back"))
  s.clear.addEventListener("click", () => change(s, () => STROKES.splice(0), "Cleared"))
  canvas.addEventListener("keydown", e => {
    if ((e.ctrlKey || e.metaKey) && e.key === "z") s.undo.click()
    else if (e.key === "Delete" || e.key === "Backspace") s.clear.click()
    else return
    e.preventDefault()
  })
  canvas.addEventListener("pointerdown", e => {
    if (e.button) return
    canvas.setPointerCapture(e.pointerId)
    s.stroke = [at(s, e)]
    STROKES.push(s.stroke)
    clearTimeout(s.timer)
    show(s)
  })
  canvas.addEventListener("pointermove", e => {
    if (!s.stroke) return
    s.stroke.push(...(e.getCoalescedEvents?.() ?? [e]).map(part => at(s, part)), at(s, e))
    show(s)
  })
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => {
    if (!s.stroke) return
    s.stroke = null
    change(s, () => {}, "")
  })
  return s
}

function at(s, e) {
  const r = s.canvas.getBoundingClientRect()
  return [((e.clientX - r.left) / r.width) * INSIDE, ((e.clientY - r.top) / r.height) * INSIDE]
}

function change(s, act, words) {
  act()
  s.status.textContent = words
  show(s)
  clearTimeout(s.timer)
  s.timer = setTimeout(() => s.send("drawing", STROKES.length ? picture(s) : ""), REST)
}

function show(s) {
  draw(s.canvas, STROKES)
  s.undo.disabled = s.clear.disabled = !STROKES.length
}

function draw(canvas, strokes) {
  const pen = canvas.getContext("2d"), scale = canvas.width / INSIDE
  pen.setTransform(scale, 0, 0, scale, 0, 0)
  pen.fillStyle = "#000"
  pen.fillRect(0, 0, INSIDE, INSIDE)
  Object.assign(pen, { strokeStyle: "#fff", lineWidth: PEN, lineCap: "round", lineJoin: "round" })
  for (const [[x, y], ...more] of strokes) {
    pen.beginPath()
    pen.moveTo(x, y)
    if (!more.length) pen.lineTo(x, y) // a dot
    for (const point of more) pen.lineTo(...point)
    pen.stroke()
  }
}

function picture(s) {
  const small = document.createElement("canvas")
  small.width = small.height = s.side
  draw(small, STROKES)
  return small.toDataURL("image/png")
}
