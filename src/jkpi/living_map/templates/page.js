"use strict";
// Tabs, weeks, segments and owners of the map. All words come from Python; this only picks.
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (query, within = document) => within.querySelector(query);
  const controls = one(".controls");
  if (!controls) return;
  const told = JSON.parse(one("#timeline").textContent);
  const tabs = all("[role=tab]");

  const show = (tab) => {
    const lanes = tab.dataset.lanes.split(" "), lines = JSON.parse(tab.dataset.lines);
    for (const other of tabs) {
      other.setAttribute("aria-selected", String(other === tab));
      other.tabIndex = other === tab ? 0 : -1;
    }
    for (const part of all("[data-lane], [data-lane-head]")) {
      const lane = part.dataset.lane || part.dataset.laneHead, place = lanes.indexOf(lane);
      part.hidden = place < 0;
      part.style.order = place + 1;
      part.classList.toggle("line-above", lane in lines);
      if (part.dataset.laneHead) part.dataset.line = lines[lane] || "";
    }
    for (const said of all("[data-said]")) said.hidden = said.dataset.said !== tab.dataset.view;
    one("#map-panel").setAttribute("aria-label", tab.textContent + ": stages and their lanes");
  };
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      next.focus();
      show(next);
    });
  }

  const week = one("#pick-week"), segment = one("#pick-segment"), owner = one("#pick-owner");
  owner.addEventListener("change", () => {
    for (const stage of all(".stage"))
      stage.classList.toggle("others", Boolean(owner.value) && !stage.dataset.owners.split("|").includes(owner.value));
  });
  controls.hidden = false;
  show(tabs[0]);
  if (!told.weeks) { one(".switches").hidden = true; return; }
  for (const [key, name] of told.segments) segment.append(new Option(name, key));
  // The weeks in order of time. "Today" stands where the newest final week of any KPI does; what is right of it may
  // still change.
  const isFinal = (cell) => Boolean(cell && cell[0] !== "–" && !cell[3]);
  const newest = (row) => row ? row.findLastIndex(isFinal) : -1;
  const today = Math.max(0, ...Object.values(told.cells).map((of) => newest(of.all)));
  week.max = told.weeks.length - 1;
  week.value = today;

  const cards = all("[data-kpi], [data-moment], [data-reading]").map((card) => ({
    card, kpi: card.dataset.kpi || card.dataset.reading || told.moments[card.dataset.moment],
    parts: all(".value, .small, .meta, .note, .none, .extras, .standing, .stack, .chart", card).map((part) => [part, part.innerHTML]),
  }));
  const set = (part, text) => { if (part) part.textContent = text; };

  const paint = () => {
    const index = Number(week.value), now = index === today, everybody = segment.value === "all";
    const said = now ? "today" : told.weeks[index];
    set(one("#week-said"), said);
    week.setAttribute("aria-valuetext", said);
    const changed = !(now && everybody);
    document.body.classList.toggle("changed", changed);
    for (const { card, kpi, parts } of cards) {
      for (const [part, was] of parts) part.innerHTML = was;
      const mark = one(".standing", card);
      if (mark) mark.className = mark.dataset.was || (mark.dataset.was = mark.className);
      all(".cursor", card).forEach((line) => line.remove());
      const row = (told.cells[kpi] || {})[segment.value];
      let place = index;
      // Today is the newest week that is final, as on the page itself. Left of it no later week is shown: where a KPI
      // is final later than others, it stays at its newest final one.
      if (row && index <= today && newest(row) >= 0 && (now || row[index] && !isFinal(row[index]) && row[index][0] !== "–")) place = now ? newest(row) : Math.min(index, newest(row));
      // A past week shows what was published of it; what is measured by now stands beside where it differs.
      const measured = row && row[place], cell = !now && measured && measured[6] || measured;
      if (changed) {
        set(one(".value", card), cell ? cell[0] : "–");
        const lines = cell ? [cell[1] && "95 %: " + cell[1], cell[2] && "n " + cell[2], told.weeks[place], cell[3], cell !== measured && "by now " + measured[0]] : ["no reading"];
        set(one(".picked", card) || card.appendChild(Object.assign(document.createElement("p"), { className: "picked" })), lines.filter(Boolean).join(" · "));
        if (mark) { set(mark, cell ? cell[5] : ""); mark.className = "standing standing-" + (cell && cell[4] || "unclear"); }
        const chart = one(".chart", card), drawn = !everybody && (told.charts[kpi] || {})[segment.value];
        if (chart && drawn && card.dataset.kpi) {
          const made = new DOMParser().parseFromString(drawn, "text/html").querySelector("svg");
          if (made) chart.innerHTML = made.innerHTML;
        }
        if (chart && (everybody || card.dataset.kpi)) {
          const [, , width, height] = chart.getAttribute("viewBox").split(" ").map(Number);
          const [left, right] = width > 200 ? [6, 44] : [4, 4];
          const x = left + (width - left - right) / told.weeks.length * (place + 0.5);
          const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
          line.setAttribute("class", "cursor");
          line.setAttribute("d", `M${x} 0V${height}`);
          chart.append(line);
        }
      } else one(".picked", card)?.remove();
    }
    // Alerts are of today: a past week shows none, and a segment only its own.
    const banner = told.banners[segment.value], headline = one(".headline");
    headline.hidden = !banner;
    if (banner) {
      headline.className = "headline tone-" + banner[0];
      one("use", headline).setAttribute("href", "#i-" + banner[0]);
      set(one(".headline-text", headline), banner[1]);
      set(one(".headline-detail", headline), banner[2]);
    }
    for (const part of all("[data-fall]")) part.hidden = !now || !everybody && part.dataset.fall !== segment.value;
    for (const head of all(".week-head")) head.hidden = changed;
    const note = one("#past-note"), version = told.versions[index];
    note.hidden = !changed;
    const whose = everybody ? "" : " for " + segment.selectedOptions[0].textContent;
    set(note, changed ? `KPIs and moments of truth show ${now ? "the newest final week" : "the " + said}${whose}${now ? "" : ", as first published; where late data changed it, the figure of now stands beside"}. ` +
      `States, visits, paths, satisfaction and volumes are of today and of everybody. Map version in force: ${version}` + (version === told.current ? "." : `; the texts are of version ${told.current}.`) : "");
  };
  week.addEventListener("input", paint);
  segment.addEventListener("change", paint);
})();
