"use strict";
// Tabs, weeks, segments and owners of the map. Python formats all values; the script only selects them.
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const find = (query, within = document) => within.querySelector(query);
  const controls = find(".controls");
  if (!controls) return;
  const data = JSON.parse(find("#timeline").textContent);
  const tabs = all("[role=tab]");

  const show = (tab) => {
    const lanes = tab.dataset.lanes.split(" "), lines = JSON.parse(tab.dataset.lines);
    for (const otherTab of tabs) {
      otherTab.setAttribute("aria-selected", String(otherTab === tab));
      otherTab.tabIndex = otherTab === tab ? 0 : -1;
    }
    for (const element of all("[data-lane], [data-lane-head]")) {
      const lane = element.dataset.lane || element.dataset.laneHead, index = lanes.indexOf(lane);
      element.hidden = index < 0;
      element.style.order = index + 1;
      element.classList.toggle("line-above", lane in lines);
      if (element.dataset.laneHead) element.dataset.line = lines[lane] || "";
    }
    for (const description of all("[data-view-description]"))
      description.hidden = description.dataset.viewDescription !== tab.dataset.view;
    find("#map-panel").setAttribute("aria-label", tab.textContent + ": stages and their lanes");
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      next.focus();
      show(next);
    });
  }

  const week = find("#week-input"), segment = find("#segment-input"), owner = find("#owner-input");
  owner.addEventListener("change", () => {
    for (const stage of all(".stage"))
      stage.classList.toggle("dimmed", Boolean(owner.value) && !stage.dataset.owners.split("|").includes(owner.value));
  });
  controls.hidden = false;
  show(tabs[0]);
  if (!data.weeks) { find(".switches").hidden = true; return; }
  for (const [key, name] of data.segments) segment.append(new Option(name, key));
  // The weeks in order of time. "Today" is the newest final week of any KPI; later weeks may still change.
  const isFinal = (cell) => Boolean(cell && cell[0] !== "–" && !cell[3]);
  const newest = (row) => row ? row.findLastIndex(isFinal) : -1;
  const today = Math.max(0, ...Object.values(data.cells).map((cells) => newest(cells.all)));
  week.max = data.weeks.length - 1;
  week.value = today;

  const cards = all("[data-kpi], [data-moment], [data-reading]").map((card) => ({
    card, kpi: card.dataset.kpi || card.dataset.reading || data.moments[card.dataset.moment],
    parts: all(".value, .small, .meta, .note, .none, .extras, .goal-promise, .goal-status, .stack, .chart", card).map((element) => [element, element.innerHTML]),
  }));
  const set = (element, text) => { if (element) element.textContent = text; };

  const paint = () => {
    const index = Number(week.value), now = index === today, isTotal = segment.value === "all";
    const label = now ? "today" : data.weeks[index];
    set(find("#week-label"), label);
    week.setAttribute("aria-valuetext", label);
    const changed = !(now && isTotal);
    document.body.classList.toggle("changed", changed);
    for (const { card, kpi, parts } of cards) {
      for (const [element, original] of parts) element.innerHTML = original;
      const status = find(".goal-status", card);
      if (status) status.className = status.dataset.original || (status.dataset.original = status.className);
      all(".cursor", card).forEach((line) => line.remove());
      const row = (data.cells[kpi] || {})[segment.value];
      let shown = index;
      // Today is the newest final week, as on the page without a selection. A KPI that becomes final later than others
      // stays at its own newest final week.
      if (row && index <= today && newest(row) >= 0 && (now || row[index] && !isFinal(row[index]) && row[index][0] !== "–")) shown = now ? newest(row) : Math.min(index, newest(row));
      // A past week shows the value first published; a changed value is shown next to it.
      const measured = row && row[shown], cell = !now && measured && measured[6] || measured;
      if (changed) {
        set(find(".value", card), cell ? cell[0] : "–");
        const lines = cell ? [cell[1] && "95 %: " + cell[1], cell[2] && "n " + cell[2], data.weeks[shown], cell[3], cell !== measured && "now " + measured[0]] : ["no reading"];
        set(find(".picked", card) || card.appendChild(Object.assign(document.createElement("p"), { className: "picked" })), lines.filter(Boolean).join(" · "));
        const promise = (data.promises[kpi] || {})[segment.value];
        if (promise) set(find(".goal-promise", card), promise);
        if (status) { set(status, cell ? cell[5] : ""); status.className = "goal-status goal-status-" + (cell && cell[4] || "unclear"); }
        const chart = find(".chart", card), drawn = !isTotal && (data.charts[kpi] || {})[segment.value];
        if (chart && drawn && card.dataset.kpi) {
          const made = new DOMParser().parseFromString(drawn, "text/html").querySelector("svg");
          if (made) chart.innerHTML = made.innerHTML;
        }
        if (chart && (isTotal || card.dataset.kpi)) {
          const [, , width, height] = chart.getAttribute("viewBox").split(" ").map(Number);
          const [left, right] = width > 200 ? [6, 44] : [4, 4];
          const x = left + (width - left - right) / data.weeks.length * (shown + 0.5);
          const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
          line.setAttribute("class", "cursor");
          line.setAttribute("d", `M${x} 0V${height}`);
          chart.append(line);
        }
      } else find(".picked", card)?.remove();
    }
    // Alerts are current: a past week shows none, and a segment only its own.
    const texts = data.headlines[segment.value], headline = find(".headline");
    headline.hidden = !texts;
    if (texts) {
      headline.className = "headline tone-" + texts[0];
      find("use", headline).setAttribute("href", "#i-" + texts[0]);
      set(find(".headline-text", headline), texts[1]);
      set(find(".headline-detail", headline), texts[2]);
    }
    for (const element of all("[data-alert-segment]"))
      element.hidden = !now || !isTotal && element.dataset.alertSegment !== segment.value;
    for (const head of all(".week-head")) head.hidden = changed;
    const selectionNote = find("#selection-note"), version = data.versions[index];
    selectionNote.hidden = !changed;
    const segmentSuffix = isTotal ? "" : " for " + segment.selectedOptions[0].textContent;
    set(selectionNote, changed ? `KPIs and moments of truth show ${now ? "the newest final week" : "the " + label}${segmentSuffix}${now ? "" : ", as first published; changed values are shown next to it"}. ` +
      `States, visits, paths, satisfaction and volumes are current and for all customers. Map version in force: ${version}` + (version === data.current ? "." : `; texts are of version ${data.current}.`) : "");
  };
  week.addEventListener("input", paint);
  segment.addEventListener("change", paint);
})();
