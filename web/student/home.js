// home — the list of tasks before the photo is handed in, the progress after. People leave and come back: nothing is lost.
import { messages } from '../shared/client.js';
import { date, dateTime, money, t } from '../shared/i18n.js';
import { html, useEffect, useLoad, useValue } from '../shared/view.js';
import { Icon } from './icons.js';
import { Cell, Cells, Screen } from './parts.js';
import { go } from './route.js';
import { Lazy, prepare } from './screens.js';
import { consented, neededConsents, session, student, submission } from './student.js';
import { isCollecting, nextOf, tasksOf } from './tasks.js';

function Task({ task, number }) {
  const status = task.done ? 'done' : task.open ? 'open' : 'later';
  const note = [task.note, task.hint && t(`task.hint.${task.hint}`), task.name === 'pay' && task.fen > 0 && money(task.fen)].filter(Boolean).join(' · ');
  const inner = html`<span class="task-mark task-mark-${status}" aria-hidden="true">${task.done ? html`<${Icon} name="done" />` : number}</span>
    <span class="cell-label"><span class="task-name">${t(`task.${task.name}`)}</span>${note && html`<small>${note}</small>`}</span>
    <span class="task-status task-${status}">${t(`task.status.${status}`)}</span>`;
  return html`<li>${task.open ? html`<button type="button" class="task cell" onClick=${() => go(task.screen)}>${inner}<span class="chevron" aria-hidden="true"></span></button>`
    : html`<span class="task cell">${inner}</span>`}</li>`;
}

function Head({ now, tasks }) {
  const place = session.value;
  const me = student.value;
  const done = tasks.filter((task) => task.done).length;
  return html`<section class="head"><p class="head-school">${place.school}</p>
    <p class="muted">${[now && t('student.number_of', { code: now.code }), me.name_masked, t('student.until', { time: date(place.closes) })].filter(Boolean).join(' · ')}</p>
    ${tasks.length > 0 && html`<progress class="head-bar" max=${tasks.length} value=${done} aria-label=${t('student.tasks_done', { n: done, all: tasks.length })}></progress>
      <p class="small muted">${t('student.tasks_done', { n: done, all: tasks.length })}</p>`}
    ${!place.open_now && html`<p class="closed-now">${t('student.closed_now', { opens: dateTime(place.opens), closes: dateTime(place.closes) })}</p>`}</section>`;
}

function Help({ now }) {
  const { data } = useLoad((signal) => messages({ query: { limit: 1 }, signal }), [now?.version]);
  return html`<${Cells}>
  <${Cell} icon="chat" label=${t('student.messages')} note=${session.value?.policy.service_hours} value=${data?.unread > 0 && html`<b class="unread">${t('student.unread', { n: data.unread })}</b>`} onOpen=${() => go('messages')} />
  <${Cell} icon="light" label=${t('student.examples')} onOpen=${() => go('examples')} />
  <${Cell} icon="me" label=${t('student.mine')} onOpen=${() => go('mine')} /><//>`;
}

export function Home() {
  const me = useValue(student);
  const now = useValue(submission);
  const place = useValue(session);
  const tasks = isCollecting(now) ? tasksOf({ me, place, now, agreed: consented(neededConsents()) }) : [];
  const next = nextOf(tasks);
  useEffect(() => prepare(next?.screen), [next?.screen]);
  return html`<${Screen} title=${place.name} back=${null}>
    <${Head} now=${now} tasks=${tasks} />
    ${now?.state === 'retake' && html`<${Lazy} screen="retake" />`}
    ${tasks.length > 0 && now?.state !== 'retake' && next && html`<button type="button" class="primary big" onClick=${() => go(next.screen)}>${t('student.next_is', { task: t(`task.${next.name}`) })}</button>`}
    ${tasks.length > 0 ? html`<ol class="cells tasks">${tasks.map((task, i) => html`<${Task} key=${task.name} task=${task} number=${i + 1} />`)}</ol>`
      : html`<${Lazy} screen="progress" />`}
    ${now && tasks.length > 0 && html`<${Lazy} screen="actions" />`}
    <${Help} now=${now} /><//>`;
}
