// proofread — the photo is at CHSI: look at it there, and say here whether it is right.
import { Ask } from '../shared/dialog.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { Screen, useTask } from './parts.js';
import { goInstead } from './route.js';
import { act } from './student.js';

export function Proofread() {
  const [asking, setAsking] = useState(false);
  const send = async (more) => { await act('proofread', more); goInstead('home'); };
  const [state, right] = useTask(() => send({ result: 'right' }));
  return html`<${Screen} title=${t('student.proofread')} lead=${t('student.proofread_text')}>
    <ol class="tips card">${['log_in', 'archive', 'proof', 'compare'].map((step) => html`<li key=${step}>${t(`proofread.step.${step}`)}</li>`)}</ol>
    <p class="hint">${t('proofread.only_once')}</p>
    <${ProblemBox} problem=${state.problem} />
    <div class="stack"><button type="button" class="primary big" disabled=${state.busy} onClick=${right}>${t('proofread.is_right')}</button>
      <button type="button" class="big" onClick=${() => setAsking(true)}>${t('proofread.is_wrong')}</button></div>
    ${asking && html`<${Ask} title=${t('proofread.is_wrong')} text=${t('proofread.wrong_text')} label=${t('act.send')}
      fields=${[{ name: 'note', label: t('field.note'), lines: 3, max: 500, required: true }]} run=${({ note }) => send({ result: 'wrong', note })} onClose=${() => setAsking(false)} />`}<//>`;
}
