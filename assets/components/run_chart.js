// Curves below each other on one horizontal axis. What the reader zoomed to stays when new points arrive.
// Drag: zoom; double click, Escape or 0: all of it again; arrow keys: walk the points; the values stand in the legends.

const states = new WeakMap()
const LEFT = 58, RIGHT = 10, TOP = 6, BOTTOM = 22, LAST_BOTTOM = 40
const DASHES = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3", longdash: "10 4", longdashdot: "10 3 2 3" }

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign])

function written(value, percent) {
  if (value == null || !isFinite(value)) return "–"
  if (percent) return `${+(100 * value).toFixed(value >= 0.0995 && value < 0.9005 ? 0 : 1)} %`
  if (value === 0) return "0"
  const size = Math.abs(value)
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(1) : size >= 100 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(3))
  return text.replace("-", "−")
}

function step(span, count) {
  const rough = span / count, power = 10 ** Math.floor(Math.log10(rough))
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough)
}

function ticks(low, high, count) {
  const by = step(high - low, count), found = []
  for (let at = Math.ceil(low / by) * by; at <= high + by / 1e6; at += by) found.push(Math.abs(at) < by / 1e6 ? 0 : at)
  return found
}

function logTicks(low, high) {  // of exponents
  const all = []
  for (let power = Math.floor(low); power <= Math.ceil(high); power++) for (const factor of high - low > 3 ? [1] : [1, 2, 5]) {
    const at = power + Math.log10(factor)
    if (at >= low && at <= high) all.push(at)
  }
  return all
}

function nearest(values, wanted) {
  let low = 0, high = values.length - 1
  while (high - low > 1) { const middle = (low + high) >> 1; values[middle] < wanted ? low = middle : high = middle }
  return wanted - values[low] <= values[high] - wanted ? low : high
}

export default function ({ data, parentElement: root }) {
  let state = states.get(root)
  if (!state) states.set(root, (state = { range: null, at: null, drag: null }))
  state.data = data
  if (state.across !== data.across) Object.assign(state, { across: data.across, range: null, at: null })
  const chart = root.querySelector(".chart"), host = root.querySelector(".panels"), reset = root.querySelector(".reset")
  chart.setAttribute("aria-label", `${data.alt} Arrow keys walk the points, plus and minus zoom, 0 shows all of it.`)

  const xs = (panel) => panel.lines.flatMap((line) => line.x)
  const whole = () => {
    const all = data.panels.flatMap(xs)
    return all.length ? [Math.min(0, all.reduce((a, b) => Math.min(a, b))), Math.max(all.reduce((a, b) => Math.max(a, b)), 1e-9)] : [0, 1]
  }
  const shown = () => state.range ?? whole()
  const width = () => Math.max(240, host.clientWidth)
  const place = (x) => { const [low, high] = shown(); return LEFT + (x - low) / (high - low) * (width() - LEFT - RIGHT) }
  const value = (px) => { const [low, high] = shown(); return low + (px - LEFT) / (width() - LEFT - RIGHT) * (high - low) }

  function draw() {
    const [low, high] = shown(), wide = width()
    const style = getComputedStyle(chart), ink = style.color, paper = style.getPropertyValue("--st-background-color") || "#fff"
    host.innerHTML = data.panels.map((panel, number) => {
      const last = number === data.panels.length - 1, tall = data.height, high_ = tall + TOP + (last ? LAST_BOTTOM : BOTTOM)
      const scale = (y) => panel.log ? Math.log10(Math.max(y, 1e-12)) : y
      let bottom = Infinity, top = -Infinity
      for (const line of panel.lines) line.x.forEach((x, i) => {
        if ((line.x[i + 1] ?? x) < low || (line.x[i - 1] ?? x) > high) return  // the neighbours of what is seen count: a line leads there
        const y = scale(line.y[i]); bottom = Math.min(bottom, y); top = Math.max(top, y)
      })
      if (!isFinite(bottom)) { bottom = 0; top = 1 }
      if (!panel.log && !state.range) bottom = Math.min(bottom, 0)
      if (top - bottom < 1e-9) { top += Math.abs(top) / 2 || 1; bottom -= panel.log ? 1 : 0 }
      const air = 0.04 * (top - bottom); top += air; if (panel.log || bottom !== 0) bottom -= air
      const y = (found) => TOP + (top - found) / (top - bottom) * tall
      const grid = (panel.log ? logTicks(bottom, top) : ticks(bottom, top, 4)).map((at) => `<line class="grid" x1="${LEFT}" x2="${wide - RIGHT}" y1="${y(at)}" y2="${y(at)}" stroke="${ink}" stroke-opacity=".13"/><text x="${LEFT - 7}" y="${y(at) + 4}" text-anchor="end" fill="${ink}">${written(panel.log ? +(10 ** at).toPrecision(2) : at, panel.percent)}</text>`)
      const marks = ticks(low, high, Math.max(2, wide / 110)).map((at) => `<line x1="${place(at)}" x2="${place(at)}" y1="${TOP}" y2="${TOP + tall}" stroke="${ink}" stroke-opacity=".07"/><text x="${place(at)}" y="${TOP + tall + 15}" text-anchor="${place(at) > wide - RIGHT - 14 ? "end" : "middle"}" fill="${ink}">${+at.toPrecision(6) === Math.round(at) ? Math.round(at).toLocaleString("en") : +at.toPrecision(4)}</text>`)
      const lines = panel.lines.map((line) => {
        const path = line.x.map((x, i) => `${i ? "L" : "M"}${place(x).toFixed(1)} ${y(scale(line.y[i])).toFixed(1)}`).join("")
        const alone = line.x.length < 40 && !line.pale ? line.x.map((x, i) => `<circle cx="${place(x).toFixed(1)}" cy="${y(scale(line.y[i])).toFixed(1)}" r="2.6" fill="${line.color}"/>`).join("") : ""
        return `<path d="${path}" fill="none" stroke="${line.color}" stroke-width="${line.pale ? 1 : 2}" stroke-opacity="${line.pale ? .3 : 1}" stroke-dasharray="${line.pale ? "" : DASHES[line.dash]}" stroke-linejoin="round"/>${alone}`
      })
      const clip = `clip-${data.key}-${number}`
      const cursor = state.at == null ? "" : `<line x1="${place(state.at)}" x2="${place(state.at)}" y1="${TOP}" y2="${TOP + tall}" stroke="${ink}" stroke-opacity=".55"/>`
      const dots = state.at == null ? "" : panel.lines.filter((line) => !line.pale).map((line) => { const i = nearest(line.x, state.at); return `<circle cx="${place(line.x[i])}" cy="${y(scale(line.y[i]))}" r="4" fill="${line.color}" stroke="${paper}" stroke-width="1.5"/>` }).join("")
      const drag = state.drag && Math.abs(state.drag.to - state.drag.from) > 4 ? `<rect x="${Math.min(state.drag.from, state.drag.to)}" y="${TOP}" width="${Math.abs(state.drag.to - state.drag.from)}" height="${tall}" fill="${ink}" fill-opacity=".12"/>` : ""
      const words = last ? `<text x="${(LEFT + wide - RIGHT) / 2}" y="${TOP + tall + 34}" text-anchor="middle" fill="${ink}">${escaped(data.x_title)}</text>` : ""
      const legend = panel.lines.filter((line) => !line.pale).map((line) => {
        const i = state.at == null ? line.x.length - 1 : nearest(line.x, state.at)
        return `<span><svg width="26" height="8" aria-hidden="true"><line x1="0" x2="26" y1="4" y2="4" stroke="${line.color}" stroke-width="2.5" stroke-dasharray="${DASHES[line.dash]}"/></svg> ${escaped(line.name)} <b>${written(line.y[i], panel.percent)}</b></span>`
      }).join("")
      return `<div class="panel"><div class="head"><h4>${escaped(panel.title)}</h4>${legend}</div><svg class="plot" xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high_}" viewBox="0 0 ${wide} ${high_}" font-size="12" font-family="sans-serif"><clipPath id="${clip}"><rect x="${LEFT}" y="${TOP - 2}" width="${wide - LEFT - RIGHT}" height="${tall + 4}"/></clipPath>${grid.join("")}${marks.join("")}<g clip-path="url(#${clip})">${lines.join("")}${cursor}${dots}${drag}</g>${words}</svg></div>`
    }).join("")
    reset.hidden = !state.range
    root.querySelector(".where").textContent = state.at == null
      ? (state.range ? "Zoomed; new points do not move it." : data.idle)
      : `${data.x_title}: ${+state.at.toPrecision(6)}`
  }

  const local = (event) => Math.min(Math.max(event.clientX - host.getBoundingClientRect().left, LEFT), width() - RIGHT)
  const close = (px) => {  // the measured place nearest to the pointer
    const all = data.panels.flatMap(xs).sort((a, b) => a - b)
    return all.length ? all[nearest(all, value(px))] : null
  }
  const zoom = (factor) => {
    const [low, high] = shown(), middle = state.at ?? (low + high) / 2, all = whole()
    const range = [Math.max(all[0], middle - (middle - low) * factor), Math.min(all[1], middle + (high - middle) * factor)]
    state.range = range[0] <= all[0] && range[1] >= all[1] ? null : range
    draw()
  }
  host.onpointerdown = (event) => { if (event.button === 0) { state.drag = { from: local(event), to: local(event) }; host.setPointerCapture(event.pointerId) } }
  host.onpointermove = (event) => { if (state.drag) state.drag.to = local(event); state.at = close(local(event)); draw() }
  host.onpointerup = () => {
    const drag = state.drag; state.drag = null
    if (drag && Math.abs(drag.to - drag.from) > 8) state.range = [value(Math.min(drag.from, drag.to)), value(Math.max(drag.from, drag.to))]
    draw()
  }
  host.onpointercancel = () => { state.drag = null; draw() }
  host.onpointerleave = () => { if (!state.drag) { state.at = null; draw() } }
  host.ondblclick = () => { state.range = null; draw() }
  reset.onclick = () => { state.range = null; draw(); chart.focus() }
  chart.onkeydown = (event) => {
    if (event.target !== chart) return
    const all = [...new Set(data.panels.slice(0, 1).flatMap(xs))].sort((a, b) => a - b), by = event.shiftKey ? 10 : 1
    const here = state.at == null ? all.length - 1 : nearest(all, state.at)
    if (event.key === "ArrowLeft") state.at = all[Math.max(0, here - by)]
    else if (event.key === "ArrowRight") state.at = all[Math.min(all.length - 1, here + by)]
    else if (event.key === "+") return zoom(0.5)
    else if (event.key === "-") return zoom(2)
    else if (event.key === "0" || event.key === "Escape") { state.range = null; state.at = null }
    else return
    event.preventDefault(); draw()
  }
  chart.onblur = () => { state.at = null; draw() }
  root.querySelector(".save").onclick = () => {
    const plots = [...host.querySelectorAll(".plot")], wide = width()
    let top = 0
    const parts = plots.map((plot, number) => {
      const panel = data.panels[number], lines = panel.lines.filter((line) => !line.pale)
      const words = lines.map((line) => `<tspan fill="${line.color}">― </tspan>${escaped(line.name)}  `).join("")
      const part = `<text x="${LEFT}" y="${top + 18}" font-size="13" font-family="sans-serif"><tspan font-weight="bold">${escaped(panel.title)}   </tspan>${words}</text><g transform="translate(0 ${top + 26})">${plot.innerHTML}</g>`
      top += 26 + +plot.getAttribute("height")
      return part
    })
    const ink = getComputedStyle(chart).color
    const file = `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${top + 24}" font-size="12" font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>${parts.join("").replaceAll(ink, "#222222").replaceAll("<tspan font-weight", '<tspan fill="#222222" font-weight')}<text x="${LEFT}" y="${top + 14}" fill="#222222">${escaped(data.caption)}</text></svg>`
    const link = document.createElement("a")
    link.href = URL.createObjectURL(new Blob([file], { type: "image/svg+xml" }))
    link.download = data.filename
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  if (!state.watch) {
    state.watch = new ResizeObserver(() => requestAnimationFrame(() => state.draw()))
    state.watch.observe(chart)
  }
  state.draw = draw
  draw()
}
