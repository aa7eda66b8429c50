// owndata — a copy of everything the server has of the student, and being forgotten.
import { call } from '../shared/api.js';
import * as server from '../shared/client.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox, complain } from '../shared/notices.js';
import { saveBlob } from '../shared/save.js';
import { html, useEffect, useLoad, useState } from '../shared/view.js';
import { Screen, Working, useTask } from './parts.js';
import { goInstead } from './route.js';
import { forget } from './student.js';

const MAKING_MS = 2000;
/** What the server wants to read before it erases anything. */
const LEAVE = 'forget me';

const newest = (signal) => server.ownCopyShow({ signal }).catch((problem) => { if (problem.status === 404) return null; throw problem; });

function Copy() {
  const { data, error, reload, replace } = useLoad(newest, []);
  const [state, ask] = useTask(async () => replace(await server.ownCopyAsk()));
  useEffect(() => {
    if (data?.state !== 'making')
      return undefined;
    const timer = setTimeout(reload, MAKING_MS);
    return () => clearTimeout(timer);
  }, [data]);
  const save = async () => saveBlob((await call('GET', '/api/v1/me/copy/file')).data, 'xueying-my-data.zip');
  const again = !data || (data.state !== 'making' && Date.parse(data.next_from) <= Date.now());
  return html`<h2>${t('own.copy')}</h2><p class="muted">${t('own.copy_text')}</p><${ProblemBox} problem=${error || state.problem} />
    ${data?.state === 'making' && html`<${Working} text=${t('own.making')} />`}
    ${data?.state === 'failed' && html`<p class="hint">${t('own.failed')}</p>`}
    <div class="stack">${data?.state === 'ready' && html`<button type="button" class="primary big" onClick=${() => save().catch(complain)}>${t('own.save')}</button>
        <p class="muted small">${t('own.until', { time: dateTime(data.expires) })}</p>`}
      ${again && html`<button type="button" class="big" disabled=${state.busy} onClick=${ask}>${t('own.ask')}</button>`}</div>`;
}

function Leave() {
  const [sure, setSure] = useState(false);
  const [state, leave] = useTask(async () => {
    await server.leave({ confirm: LEAVE });
    forget();
    goInstead('home');
  });
  return html`<h2>${t('own.leave')}</h2><p class="muted">${t('own.leave_text')}</p>
    <label class="tick cells"><input type="checkbox" name="leave" checked=${sure} onChange=${(event) => setSure(event.target.checked)} /><span>${t('own.leave_sure')}</span></label>
    <${ProblemBox} problem=${state.problem} />
    <div class="stack"><button type="button" class="danger big" disabled=${!sure || state.busy} onClick=${leave}>${t('own.leave_do')}</button></div>`;
}

export const OwnData = () => html`<${Screen} title=${t('own.title')}><${Copy} /><${Leave} /><//>`;
