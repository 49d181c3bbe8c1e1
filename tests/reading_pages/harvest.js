// The texts of a published page as data, under the names of its elements.
() => {
  const text = (part) => (part ? part.textContent.replace(/\s+/g, " ").trim() : "");
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (query, within = document) => text(within.querySelector(query));
  const texts = (query, within = document) => all(query, within).map(text);
  const terms = (query, within = document) =>
    Object.fromEntries(all(`${query} > div`, within).map((row) => [one("dt", row), one("dd", row)]));
  const extras = (within) => all("[data-statistic]", within).map((part) => [part.dataset.statistic, one("b, span", part)]);

  const card = (part) => ({
    kpi: part.dataset.kpi, stage: part.closest("[data-stage]")?.dataset.stage || null, value: one(".value", part),
    small: texts(".small > span", part), extras: extras(part), goal: one(".against .goal", part),
    status: one(".goal-status", part),
  });
  const moment = (part) => ({
    moment: part.dataset.moment, key: part.dataset.state, states: texts(".moment-top .state", part),
    since: one(".since", part), value: one(".value", part), terms: terms(".meta", part), goal: one(".goal-promise", part),
    status: one(".goal-status", part),
  });
  const touchpoint = (part) => ({
    touchpoint: part.dataset.touchpoint, title: one(".touchpoint-title > span", part),
    volume: one(".touchpoint-title > b", part), small: texts(".small > span", part),
  });
  const lane = (part) => ({
    texts: texts(".texts > li", part), stories: texts(".stories > li", part), initiatives: texts(".initiative > b", part),
    owners: texts(".owners b", part), none: texts(".none", part), peakEnd: texts(".peak-end", part),
    touchpoints: all("[data-touchpoint]", part).map(touchpoint),
    confirmations: all("[data-confirmation]", part).map((item) => [item.dataset.confirmation, one(".muted", item)]),
    paths: all("[data-target]", part).map((path) => ({
      target: path.dataset.target, kind: path.className.replace("path path-", ""), share: one("b", path),
      count: one(".muted", path),
    })),
    emotions: all(".emotion", part).map((emotion) => ({
      kpi: emotion.dataset.reading, value: one(".value", emotion), small: texts(".small > span", emotion),
    })),
    scores: all("[data-question]", part).map((score) => ({
      kpi: score.dataset.question, value: one("b", score), sample: one(".muted", score),
    })),
    moments: all(".lane-moment", part).map((inside) => ({
      moment: inside.querySelector("a").getAttribute("href").slice(1), kpi: inside.dataset.reading,
      value: one(".value", inside), state: one(".state", inside), small: texts(".small > span", inside),
    })),
    times: all(".time-kpi", part).map((time) => ({
      kpi: time.dataset.reading, value: one(".value", time), extras: extras(time),
    })),
    cards: all("[data-kpi]", part).map((kpi) => kpi.dataset.kpi),
  });
  return {
    facts: terms("dl.facts"),
    moments: all("[data-moment]").map(moment),
    cards: all("[data-kpi]").map(card),
    stages: all("[data-stage]").map((stage) => ({
      stage: stage.dataset.stage, title: one("h3", stage), visits: one(".visits", stage),
      lanes: Object.fromEntries(all("[data-lane]", stage).map((part) => [part.dataset.lane, lane(part)])),
    })),
    unmapped: texts(".unmapped-touchpoints li"),
    sources: all("[data-source]").map((source) => ({
      source: source.dataset.source, word: one(".fresh", source), newest: one(".source-newest", source),
      small: texts(".small > span", source), notes: texts(".note", source),
    })),
    timeline: JSON.parse(document.querySelector("#timeline").textContent),
    weeks: Object.fromEntries(all(".definition").map((part) => [
      part.id, all("tbody tr", part).map((row) => texts("th, td", row)),
    ])),
  };
}
