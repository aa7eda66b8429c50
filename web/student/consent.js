// consent — what is agreed to, each by itself. Without the face comparison two people look instead.
import { consentGive } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Form, Screen, useTask } from './parts.js';
import { goBack } from './route.js';
import { neededConsents, refresh, reloadSubmission, session, student, submission } from './student.js';

const TEXT_VERSION = '2026-06';
const KINDS = ['privacy', 'face', 'passing_on'];

export function Consent() {
  const given = new Set(student.value.consents.map((one) => one.kind));
  const form = useDraft('consent', Object.fromEntries(KINDS.map((kind) => [kind, given.has(kind)])));
  const [ticked, set, drop] = form;
  const needed = neededConsents();
  const [state, start] = useTask(async () => {
    await consentGive({ kinds: KINDS.filter((kind) => ticked[kind]), text_version: TEXT_VERSION });
    drop();
    await refresh();
    if (submission.value)
      await reloadSubmission();
    goBack();
  });
  return html`<${Screen} title=${t('student.consent')} lead=${t('student.consent_text')}>
    <${Form} state=${state} label=${t('student.consent_do')} off=${!needed.every((kind) => ticked[kind])} onSubmit=${start}>
      <div class="cells ticks">${KINDS.map((kind) => html`<label key=${kind} class="tick">
        <input type="checkbox" name=${kind} checked=${ticked[kind]} onChange=${(event) => set(kind, event.target.checked)} />
        <span><strong>${t(`consent.${kind}`)}</strong>${!needed.includes(kind) && html` <small class="badge">${t('consent.optional')}</small>`}<br />
          <span class="muted">${t(`consent.${kind}.text`)}</span></span></label>`)}</div>
      ${session.value?.policy.purpose && html`<p class="muted">${t('consent.purpose', { purpose: session.value.policy.purpose })}</p>`}
      ${!ticked.face && !needed.includes('face') && html`<p class="hint">${t('consent.without_face')}</p>`}<//>
  <//>`;
}
