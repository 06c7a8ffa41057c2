
'use strict';
(() => {
  const base = location.pathname.replace(/\/+$/, '');
  const $ = id => document.getElementById(id);
  const shown = new Map();          // what a part of the page shows, so that it is only made anew when that changes
  const state = { status: null, selected: null, lag: null, history: null, moment: null, generation: null, span: 0, viewEnd: null, job: null, dismissed: null };

  // --- asking ---

  async function ask(path, options) {
    const answer = await fetch(`${base}/${path}`, { credentials: 'same-origin', redirect: 'manual', cache: 'no-store', ...options });
    if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403 && !isJson(answer)) {
      throw new Error('You are not signed in any more, or may not see this. Reload the page.');
    }
    const body = isJson(answer) ? await answer.json() : null;
    if (!answer.ok) {
      throw new Error(body?.error ? [body.error, body.remedy].filter(Boolean).join(' ') : `The application answered ${answer.status}.`);
    }
    return body;
  }

  const isJson = answer => (answer.headers.get('content-type') || '').startsWith('application/json');
  const change = (method, path, body) => ask(path, {
    method,
    headers: { 'Litestream-Page': '1', ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });

  // --- making ---

  function make(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name === 'text') element.textContent = value;
      else if (name === 'class') element.className = value;
      else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter(child => child !== null));
    return element;
  }

  function draw(tag, attributes, text) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function fresh(part, signature) {
    const text = JSON.stringify(signature);
    if (shown.get(part) === text) return false;
    shown.set(part, text);
    return true;
  }

  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // --- words ---

  const pad = (number, length = 2) => String(number).padStart(length, '0');
  const clock = date => `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const day = date => `${date.getDate()} ${months[date.getMonth()]} ${date.getFullYear()}`;
  const full = time => `${day(new Date(time))}, ${clock(new Date(time))}`;
  const local = time => { const d = new Date(time); return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${clock(d)}`; };

  function long(seconds) {
    if (seconds < 0.05) return '0 s';
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (seconds < 120) return `${Math.round(seconds)} s`;
    if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86400)} days`;
  }

  function ago(time) {
    const seconds = (now() - time) / 1000;
    return seconds < 2 ? 'just now' : seconds < 10 ? `${Math.round(seconds)} s ago` : `${long(seconds)} ago`;
  }

  function bytes(count) {
    for (const [unit, size] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]]) {
      if (count >= size) return `${(count / size).toFixed(count < 10 * size ? 1 : 0)} ${unit}`;
    }
    return `${count} bytes`;
  }

  // The server's clock, as far as the last answer told.
  let offset = 0;
  const now = () => Date.now() + offset;
  // What is told to the microsecond is cut to milliseconds here: one more keeps the commit in.
  const at = text => Date.parse(text) + (/\.\d{3}\d*[1-9]/.test(text) ? 1 : 0);
  const known = text => text ? ago(at(text)) : 'never';

  // --- status ---

  async function refresh() {
    const filter = $('filter').value.trim();
    try {
      const status = await ask(`status?limit=60${filter ? `&filter=${encodeURIComponent(filter)}` : ''}`);
      offset = Date.parse(status.time) - Date.now();
      state.status = status;
      $('offline').hidden = true;
      await choose(status);
      render();
    } catch (error) {
      say($('offline'), error instanceof TypeError ? 'The application does not answer. What is shown may be old. It is asked again by itself.' : error.message);
      $('offline').hidden = false;
    }
  }

  let lastLag = 0;
  async function choose(status) {
    const names = status.databases.map(database => database.name);
    if (!names.includes(state.selected) && !$('filter').value) {
      const worst = [...status.databases].sort((a, b) => order(b.health) - order(a.health))[0];
      select(worst ? worst.name : null);
    }
    if (state.selected && (Date.now() - lastLag >= 4500 || state.lag?.database !== state.selected)) {
      lastLag = Date.now();
      state.lag = await ask(`lag?database=${encodeURIComponent(state.selected)}`).catch(() => null);
    }
  }

  const order = health => ['safe', 'pending', 'degraded', 'unhealthy'].indexOf(health);

  function select(name) {
    if (state.selected === name) return;
    Object.assign(state, { selected: name, lag: null, history: null, moment: null, generation: null, span: 0, viewEnd: null });
    $('history').hidden = true;
    $('history-problem').hidden = true;
    $('show').hidden = $('intro').hidden = false;
  }

  function render() {
    const status = state.status;
    const page = $('page');
    page.dataset.health = status.health;
    page.removeAttribute('aria-busy');
    say($('summary'), status.summary);
    document.title = `${status.health === 'safe' ? '✓' : status.health === 'pending' ? '…' : '!'} Backup`;
    say($('looked'), `${status.databaseCount === 1 ? 'One database' : `${status.databaseCount} databases`}, looked at ${clock(new Date(now()))}`);
    renderList(status);
    const database = status.databases.find(one => one.name === state.selected);
    $('detail').hidden = $('time').hidden = !database;
    if (database) {
      renderDatabase(database);
      renderReplicaChoice(database);
    }
    if (status.job && (!state.job || state.job.id === status.job.id || state.job.state !== 'running')) state.job = status.job;
    renderJob();
    if (state.history) renderTime();
  }

  function renderList(status) {
    $('chooser').hidden = status.databaseCount < 2;
    $('filter-label').hidden = status.databaseCount <= 8;
    const rows = status.databases.map(one => [one.name, one.health, note(one), one.name === state.selected]);
    const left = status.databaseCount - status.databases.length;
    $('more').hidden = !$('filter').value && left <= 0;
    say($('more'), $('filter').value ? `${rows.length} of ${status.databaseCount} databases` : `and ${left} more; find one by its name`);
    if (!fresh('list', rows)) return;
    const focused = document.activeElement?.dataset?.name;
    $('list').replaceChildren(...rows.map(([name, health, what, current]) => make('li', null,
      make('button', { type: 'button', 'data-name': name, 'aria-current': current, onclick: () => { select(name); lastLag = 0; render(); refresh(); } },
        make('span', { class: `dot ${health}`, 'aria-hidden': 'true' }), make('span', { class: 'who', text: name }), make('span', { class: 'what', text: what })))));
    if (focused) [...$('list').querySelectorAll('button')].find(button => button.dataset.name === focused)?.focus();
  }

  function note(database) {
    if (database.health === 'safe') return 'safe';
    const lag = Math.max(0, ...database.replicas.map(replica => replica.lagSeconds));
    return database.state !== 'Replicating' ? database.stateText : lag >= 5 ? `lags ${long(lag)}` : database.replicas.find(replica => replica.state !== 'Replicating')?.stateText ?? 'see why';
  }

  function renderDatabase(database) {
    say($('name'), database.name);
    say($('state'), `${database.stateText}${database.stateSince ? ` since ${full(database.stateSince)}` : ''}`);
    $('path').hidden = !database.path;
    say($('path'), database.path ?? '');
    if (fresh('problems', [database.name, database.problems])) {
      $('problems').replaceChildren(...database.problems.map(problem => make('li', { class: problem.health },
        make('p', null, problem.replica ? make('strong', { text: `${problem.replica}: ` }) : null, problem.text), make('p', { class: 'remedy', text: problem.remedy }))));
    }
    $('replicas').replaceChildren(...database.replicas.map(renderReplica));
  }

  function renderReplica(replica) {
    const facts = [
      ['Behind by', replica.position ? long(replica.lagSeconds) : 'everything: nothing is uploaded yet'],
      ['Complete', known(replica.lastSyncedAt)],
      ['Last snapshot', known(replica.lastSnapshotAt)],
      ['Listed and compared', known(replica.lastCheckedAt)],
      ['Verified by a restore', replica.lastVerifiedAt || replica.verificationDueBy ? known(replica.lastVerifiedAt) : 'not switched on'],
    ];
    const list = make('dl', null);
    for (const [name, value] of facts) list.append(make('dt', { text: name }), make('dd', { text: value }));
    return make('div', { class: 'replica', 'data-replica': replica.name }, make('div', { class: 'head' },
      make('h3', null, make('span', { class: `dot ${replica.health}`, 'aria-hidden': 'true' }), replica.name),
      make('p', { class: 'faint where', text: [replica.stateText, replica.url ?? (replica.kind === 'file' ? 'a folder' : null)].filter(Boolean).join(' · ') })),
      make('div', { class: 'graph' }, ...chart(replica)), list);
  }

  function chart(replica) {
    // The last one is what was just told.
    const samples = [...state.lag?.replicas.find(one => one.replica === replica.name)?.samples ?? []];
    if (state.lag && replica.state !== 'Stopped') samples.push({ at: state.lag.until, seconds: replica.lagSeconds });
    const values = samples.filter(sample => sample.seconds !== undefined && sample.seconds !== null);
    const most = Math.max(0, ...values.map(sample => sample.seconds));
    const top = Math.max(2, most * 1.15);
    const until = state.lag ? Date.parse(state.lag.until) : now();
    const from = state.lag ? Date.parse(state.lag.from) : until - 600000;
    const x = sample => ((Date.parse(sample.at) - from) / (until - from) * 600).toFixed(1);
    const y = sample => (60 - sample.seconds / top * 56).toFixed(1);
    const svg = draw('svg', { class: 'chart', viewBox: '0 0 600 62', preserveAspectRatio: 'none', role: 'img',
      'aria-label': values.length ? `Lag over the last 10 minutes: ${long(most)} at most, ${long(replica.lagSeconds)} now` : 'Lag over the last 10 minutes: nothing recorded yet' });
    if (top > 60) svg.append(draw('line', { class: 'limit', x1: 0, x2: 600, y1: 60 - 60 / top * 56, y2: 60 - 60 / top * 56 }));
    // A piece ends where nothing was known, or nobody looked.
    let piece = [];
    const pieces = [piece];
    for (const sample of samples) {
      const last = piece.at(-1);
      if (last && Date.parse(sample.at) - Date.parse(last.at) > 30000 || sample.seconds === undefined || sample.seconds === null) pieces.push(piece = []);
      if (sample.seconds !== undefined && sample.seconds !== null) piece.push(sample);
    }
    for (const one of pieces.filter(some => some.length > 0)) {
      const points = (one.length === 1 ? [one[0], one[0]] : one).map(sample => `${x(sample)},${y(sample)}`).join(' ');
      svg.append(draw('polygon', { class: 'area', points: `${x(one[0])},60 ${points} ${x(one.at(-1))},60` }), draw('polyline', { class: 'stroke', points }));
    }
    svg.append(draw('line', { class: 'base', x1: 0, x2: 600, y1: 60.5, y2: 60.5 }));
    return [svg, make('div', { class: 'chart-foot', 'aria-hidden': 'true' }, make('span', { text: '10 min ago' }),
      make('span', { text: values.length ? `lag, at most ${long(most)}` : 'lag' }), make('span', { text: 'now' }))];
  }

  // --- time line ---

  function renderReplicaChoice(database) {
    const names = database.replicas.map(replica => replica.name);
    $('replica-label').hidden = names.length < 2;
    if (fresh('choice', [database.name, names])) $('replica').replaceChildren(...names.map(name => make('option', { value: name, text: name })));
  }

  async function showHistory() {
    const database = state.selected;
    $('show').disabled = true;
    $('history-problem').hidden = true;
    try {
      const replica = $('replica').value;
      const history = await ask(`history?database=${encodeURIComponent(database)}${replica ? `&replica=${encodeURIComponent(replica)}` : ''}`);
      if (database !== state.selected) return;
      const first = !state.history;
      state.history = prepare(history);
      $('show').hidden = $('intro').hidden = true;
      $('history').hidden = false;
      if (first) zoom(0);
      renderTime();
      renderGenerations();
      if (first) $('line').focus({ preventScroll: true });
    } catch (error) {
      say($('history-problem'), error.message);
      $('history-problem').hidden = false;
    } finally {
      $('show').disabled = false;
    }
  }

  function prepare(history) {
    const generations = history.generations
      .map(one => ({ ...one, ranges: one.ranges.map(range => ({ from: at(range.from), until: at(range.until) })), snapshots: one.snapshots.map(snap => ({ at: at(snap.at), bytes: snap.bytes })) }))
      .filter(one => one.ranges.length > 0);
    generations.sort((a, b) => a.ranges[0].from - b.ranges[0].from);
    return { ...history, generations, from: generations[0]?.ranges[0].from ?? null };
  }

  // What a restore to this time gives: a range, or the end of the generation before it, or nothing, in a hole.
  function find(time) {
    const { generations } = state.history;
    const current = [...generations].reverse().find(one => one.ranges[0].from <= time);
    if (!current) return null;
    const i = current.ranges.findLastIndex(range => range.from <= time);
    const range = current.ranges[i];
    if (time <= range.until) return { kind: 'in' };
    const next = current.ranges[i + 1];
    return next ? { kind: 'hole', before: range.until, after: next.from } : { kind: 'after', until: range.until };
  }

  const lastCommit = () => Math.max(...state.history.generations.map(one => one.ranges.at(-1).until));

  function pick(time, generation = null) {
    const history = state.history;
    if (history.from === null) return;
    if (time !== null) {
      time = Math.max(time, history.from);
      if (time >= now()) time = null;
    }
    Object.assign(state, { moment: time, generation });
    const [from, until] = view();
    const visible = time ?? now();
    if (visible < from || visible > until) state.viewEnd = time === null ? null : Math.min(now(), visible + (until - from) / 2);
    renderTime();
  }

  function zoom(seconds) {
    state.span = seconds * 1000;
    state.viewEnd = null;
    const [from] = view();
    if (state.moment !== null && state.moment < from) state.viewEnd = Math.min(now(), state.moment + state.span / 2);
    for (const button of document.querySelectorAll('[data-span]')) button.setAttribute('aria-pressed', Number(button.dataset.span) === seconds);
    renderTime();
  }

  function view() {
    const until = state.viewEnd ?? now();
    const all = Math.max(now() - (state.history.from ?? now()), 10000);
    return state.span ? [until - state.span, until] : [now() - all * 1.03, now()];
  }

  const nice = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000];
  const step = () => { const [from, until] = view(); return 1000 * (nice.find(seconds => seconds * 1000 >= (until - from) / 150) ?? 86400); };

  function renderTime() {
    const history = state.history;
    const empty = history.from === null;
    for (const id of ['line', 'commands', 'actions', 'generations']) $(id).hidden = empty;
    document.querySelector('.moment').hidden = document.querySelector('.legend').hidden = empty;
    renderPrevious();
    if (empty) {
      say($('chosen'), 'This replica holds nothing that can be restored yet.');
      return;
    }
    drawLine();
    const time = state.moment;
    const found = time === null ? null : find(time);
    const hole = found?.kind === 'hole';
    const words = state.generation ? `The end of generation ${state.generation}, ${full(time)}.`
      : time === null ? `The last commit, ${full(lastCommit())} (${ago(lastCommit())}).`
      : found.kind === 'after' ? `${full(time)} (${ago(time)}). The last commit before it is of ${full(found.until)}.`
      : hole ? `${full(time)} cannot be restored.`
      : `${full(time)} (${ago(time)}), with every commit up to then.`;
    say($('chosen'), words);
    const line = $('line');
    line.setAttribute('aria-valuemin', Math.floor(history.from / 1000));
    line.setAttribute('aria-valuemax', Math.floor(now() / 1000));
    line.setAttribute('aria-valuenow', Math.floor((time ?? now()) / 1000));
    line.setAttribute('aria-valuetext', words);
    const input = $('at');
    if (document.activeElement !== input) {
      input.value = local(time ?? lastCommit());
      input.min = local(history.from);
    }
    $('hole').hidden = !hole;
    if (hole) {
      say($('hole-text'), 'The replica lagged too far then and had to begin again with a snapshot. The nearest moments are');
      say($('hole-before'), full(found.before));
      say($('hole-after'), full(found.after));
      $('hole-before').onclick = () => pick(found.before);
      $('hole-after').onclick = () => pick(found.after);
    }
    renderCommands(hole);
    const busy = state.job?.state === 'running';
    $('copy').hidden = !state.status.allows.download;
    $('in-place').hidden = !state.status.allows.restoreInPlace;
    $('copy').disabled = $('in-place').disabled = hole || busy;
  }

  function drawLine() {
    const svg = $('drawing');
    const width = Math.max(svg.clientWidth, 200);
    const [from, until] = view();
    const x = time => (time - from) / (until - from) * width;
    const inside = value => Math.min(Math.max(value, 0), width);
    const parts = [draw('rect', { class: 'back', x: 0, y: 22, width, height: 34, rx: 6 })];
    const add = (kind, a, b) => { if (b > 0 && a < width) parts.push(draw('rect', { class: kind, x: inside(a), y: 22, width: Math.max(inside(b) - inside(a), kind === 'range' ? 3 : 0), height: 34, rx: 3 })); };
    const { generations } = state.history;
    generations.forEach((generation, i) => {
      const end = generation.ranges.at(-1).until;
      add('still', x(end), x(generations[i + 1]?.ranges[0].from ?? now()));
      for (const range of generation.ranges) add('range', x(range.from), x(range.until));
      const edge = x(generation.ranges[0].from);
      if (i > 0 && edge > 0 && edge < width) parts.push(draw('line', { class: 'edge', x1: edge, x2: edge, y1: 22, y2: 56 }));
    });
    for (const snap of generations.flatMap(generation => generation.snapshots)) {
      if (x(snap.at) >= -4 && x(snap.at) <= width + 4) parts.push(draw('circle', { class: 'snap', cx: inside(x(snap.at)), cy: 66, r: 3.5 }));
    }
    const gap = nice.find(seconds => seconds * 1000 >= (until - from) / (width / 110)) ?? 31536000;
    const zone = new Date(from).getTimezoneOffset() * 60000;
    for (let tick = Math.ceil((from - zone) / (gap * 1000)) * gap * 1000 + zone; tick <= until; tick += gap * 1000) {
      const date = new Date(tick);
      const label = gap >= 86400 ? `${date.getDate()} ${months[date.getMonth()]}` : gap >= 60 ? clock(date).slice(0, 5) : clock(date);
      if (x(tick) < 24 || x(tick) > width - 24) continue;
      parts.push(draw('line', { class: 'axis', x1: x(tick), x2: x(tick), y1: 74, y2: 80 }), draw('text', { x: x(tick), y: 96, 'text-anchor': 'middle' }, label));
    }
    const cursor = inside(x(state.moment ?? now()));
    parts.push(draw('line', { class: 'cursor', x1: cursor, x2: cursor, y1: 10, y2: 74 }), draw('circle', { class: 'knob', cx: cursor, cy: 10, r: 7 }));
    svg.replaceChildren(...parts);
  }

  function renderGenerations() {
    $('generation-rows').replaceChildren(...[...state.history.generations].reverse().map(one => {
      const end = one.ranges.at(-1).until;
      return make('tr', null,
        make('td', { text: one.name + (one.current ? ' (in use)' : '') }), make('td', { text: full(one.ranges[0].from) }), make('td', { text: full(end) }),
        make('td', { text: String(one.snapshots.length) }), make('td', { text: bytes(one.segmentBytes + one.snapshotBytes) }),
        make('td', null, make('button', { type: 'button', text: 'Choose its end', 'aria-label': `Choose the end of generation ${one.name}`, onclick: () => pick(end, one.name) })));
    }));
  }

  function renderPrevious() {
    const previous = state.history.previous;
    $('previous').hidden = previous.length === 0 || !state.status.allows.restoreInPlace;
    if (!fresh('previous', [previous, state.job?.state === 'running', state.selected])) return;
    $('previous-list').replaceChildren(...previous.map(one => make('li', null,
      make('span', { text: `As it was until ${full(one.at)}, ${bytes(one.bytes)}` }),
      make('button', { type: 'button', text: 'Put back…', disabled: state.job?.state === 'running' ? '' : null, onclick: () => confirm(
        `Put back what ${state.selected} held until ${full(one.at)}?`,
        'What it holds now is put aside in a file beside it, and can be put back in the same way.\nThe application is without its database for a moment.',
        'Put back', () => begin('undo', { database: state.selected, previous: one.file })) }))));
  }

  // --- commands ---

  const quote = text => /^[\w/:=@%+.,~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

  function renderCommands(hole) {
    const database = state.status.databases.find(one => one.name === state.selected);
    const replica = database?.replicas.find(one => one.name === state.history.replica);
    const url = replica?.url ?? (replica?.kind === 'file' ? 'file:///FOLDER/OF/THE/REPLICA' : 'URL_OF_THE_REPLICA');
    const what = state.generation ? ['-generation', state.generation] : state.moment === null ? [] : ['-timestamp', new Date(state.moment).toISOString()];
    const words = ['restore', '-o', quote(`${state.selected}-restored.db`), ...what, quote(url)].join(' ');
    say($('command-net'), `litestream-net ${words}`);
    say($('command-original'), `litestream ${words}`);
    // It knows these stores of ours, and reads no parameters.
    const original = !url.includes('?') && [undefined, 'file', 's3'].includes(replica?.kind);
    $('original').hidden = !original;
    $('commands').hidden = hole;
    say($('command-hint'), [
      replica?.url ? null : 'Put the place of the replica where the capitals are: this page does not show it.',
      url.includes('?') ? 'The original program takes no parameters in a URL: it needs this replica in a litestream.yml.' : null,
      state.moment === null || state.generation || !original ? null : 'The original goes by the time of upload, up to a second later than the commit, and finds nothing after the last one.',
      replica?.kind && replica.kind !== 'file' ? 'Keys come from the environment.' : null,
    ].filter(Boolean).join(' '));
  }

  async function copyText(button) {
    const code = $(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Only pages over https, or of this machine, get a clipboard.
      getSelection().selectAllChildren(code);
      document.execCommand('copy');
    }
    say(button, 'Copied');
    setTimeout(() => say(button, 'Copy'), 2000);
  }

  // --- restores ---

  const wanted = () => ({
    database: state.selected, replica: state.history.replica,
    ...(state.generation ? { generation: state.generation } : state.moment === null ? {} : { timestamp: new Date(state.moment).toISOString() }),
  });

  async function begin(path, body) {
    try {
      state.job = await change('POST', path, body);
      state.dismissed = null;
      renderJob();
      $('job').scrollIntoView({ block: 'nearest' });
      follow();
    } catch (error) {
      state.job = { id: '', kind: path, database: body.database, moment: '', state: 'failed', text: error.message };
      renderJob();
    }
  }

  let following = false;
  async function follow() {
    if (following) return;
    following = true;
    try {
      while (state.job?.state === 'running') {
        await new Promise(done => setTimeout(done, 300));
        const id = state.job.id;
        try {
          const job = await ask(`jobs/${id}`);
          if (state.job.id === id) state.job = job;
        } catch (error) {
          if (!(error instanceof TypeError)) break;
        }
        renderJob();
      }
    } finally {
      following = false;
    }
    if (state.job?.state === 'done' && state.job.kind !== 'copy' && state.history) {
      Object.assign(state, { moment: null, generation: null });
      await showHistory();
    }
    refresh();
  }

  function renderJob() {
    const job = state.job;
    $('job').hidden = !job || job.id === state.dismissed;
    if (!job) return;
    const titles = { copy: `A copy of ${job.database}`, restore: `${job.database}, restored in place`, undo: `${job.database}, put back` };
    $('job').dataset.state = job.state;
    say($('job-title'), `${titles[job.kind]}${job.moment ? `, ${job.moment}` : ''}`);
    say($('job-text'), [job.text, job.remedy].filter(Boolean).join(' '));
    const progress = $('job-progress');
    progress.hidden = job.state !== 'running';
    if (job.bytesTotal > 0) progress.value = job.bytesDone / job.bytesTotal; else progress.removeAttribute('value');
    say($('job-detail'), job.state === 'running' && job.bytesTotal > 0
      ? `${bytes(job.bytesDone)} of ${bytes(job.bytesTotal)} fetched${job.remainingSeconds ? `, about ${long(job.remainingSeconds)} left` : ''}`
      : job.state === 'ready' ? `${job.fileName}, ${bytes(job.fileBytes)}. Kept until ${clock(new Date(job.expiresAt))}, or until it is downloaded.` : '');
    const file = $('job-file');
    const ready = job.state === 'ready' && state.status?.allows.download;
    if (ready && file.hidden) file.href = `${base}/jobs/${job.id}/file`;
    file.hidden = !ready;
    const mine = state.status?.allows.download || state.status?.allows.restoreInPlace;
    $('job-cancel').hidden = !(mine || job.state !== 'running');
    say($('job-cancel'), job.state === 'running' ? 'Cancel' : job.state === 'ready' ? 'Delete it' : 'Close');
  }

  async function cancel() {
    const job = state.job;
    if (job.state === 'running' || job.state === 'ready') {
      try {
        state.job = await change('DELETE', `jobs/${job.id}`);
      } catch (error) {
        say($('job-text'), error.message);
        return;
      }
      renderJob();
    } else {
      state.dismissed = job.id;
      renderJob();
    }
  }

  let confirmed = null;
  function confirm(title, text, yes, action) {
    say($('confirm-title'), title);
    say($('confirm-text'), text);
    say($('confirm-yes'), yes);
    confirmed = action;
    $('confirm').showModal();
  }

  // --- what a person does ---

  const line = $('line');
  line.addEventListener('keydown', event => {
    const [from, until] = view();
    const far = event.shiftKey ? 10 * step() : step();
    const moves = { ArrowLeft: -far, ArrowDown: -far, ArrowRight: far, ArrowUp: far, PageDown: -(until - from) / 10, PageUp: (until - from) / 10 };
    const here = state.moment ?? lastCommit();
    if (event.key === 'Home') pick(state.history.from);
    else if (event.key === 'End') pick(null);
    else if (event.key in moves && !event.altKey && !event.ctrlKey && !event.metaKey) {
      // Forward from the last commit there is nothing; and steps lie on round times.
      const next = here + moves[event.key];
      pick(moves[event.key] > 0 && (state.moment === null || next > lastCommit()) ? null : Math.round(next / 1000) * 1000);
    } else return;
    event.preventDefault();
  });
  const point = event => {
    const box = line.getBoundingClientRect();
    const [from, until] = view();
    pick(event.clientX >= box.right - 3 && state.viewEnd === null ? null : Math.round((from + (event.clientX - box.left) / box.width * (until - from)) / 1000) * 1000);
  };
  line.addEventListener('pointerdown', event => { line.setPointerCapture(event.pointerId); point(event); });
  line.addEventListener('pointermove', event => { if (line.hasPointerCapture(event.pointerId)) point(event); });
  $('at').addEventListener('change', event => { const time = Date.parse(event.target.value); if (!Number.isNaN(time)) pick(time); });
  $('latest').addEventListener('click', () => pick(null));
  $('show').addEventListener('click', showHistory);
  $('again').addEventListener('click', showHistory);
  $('replica').addEventListener('change', () => { Object.assign(state, { moment: null, generation: null }); if (state.history) showHistory(); });
  $('filter').addEventListener('input', refresh);
  for (const button of document.querySelectorAll('[data-span]')) button.addEventListener('click', () => zoom(Number(button.dataset.span)));
  for (const button of document.querySelectorAll('[data-copy]')) button.addEventListener('click', () => copyText(button));
  $('copy').addEventListener('click', () => begin('copy', wanted()));
  $('in-place').addEventListener('click', () => {
    const request = wanted();
    confirm(`Restore ${request.database} in place?`,
      `It will be as it was: ${$('chosen').textContent}\nWhat was written since is taken out of the database. It is kept in a file beside it, and can be put back.\nThe application is without its database for a moment.`,
      'Restore in place', () => begin('restore', request));
  });
  $('job-cancel').addEventListener('click', cancel);
  $('job-file').addEventListener('click', () => setTimeout(refresh, 1500));
  $('confirm-no').addEventListener('click', () => $('confirm').close());
  $('confirm-yes').addEventListener('click', () => { $('confirm').close(); confirmed?.(); });
  addEventListener('resize', () => { if (state.history?.from) drawLine(); });

  say($('zone'), `(${Intl.DateTimeFormat().resolvedOptions().timeZone})`);
  const pace = () => (state.status?.databaseCount ?? 0) > 100 ? 5000 : 2000;
  async function loop() {
    if (!document.hidden) await refresh();
    if (state.job?.state === 'running') follow();
    setTimeout(loop, pace());
  }
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  loop();
})();
