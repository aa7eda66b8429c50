// consent — what is agreed to, each by itself, in the words of the edition in force. Without the face comparison two people look.
import { consentGive, consents } from '../shared/client.js';
import { language, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useLoad, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Form, Screen, Working, useTask } from './parts.js';
import { goBack } from './route.js';
import { refresh, reloadSubmission, session, student, submission } from './student.js';

export function Consent() {
  const shown = useValue(language);
  const given = new Set(student.value.consents.map((one) => one.kind));
  const [ticked, set, drop] = useDraft('consent', Object.fromEntries([...given].map((kind) => [kind, true])));
  const { data, error, reload } = useLoad((signal) => consents({ query: { session_code: session.value?.code }, signal }), [shown]);
  const items = data?.items || [];
  const [state, start] = useTask(async () => {
    await consentGive({ kinds: items.map((one) => one.kind).filter((kind) => ticked[kind]), text_version: data.text_version });
    drop();
    await refresh();
    if (submission.value)
      await reloadSubmission();
    goBack();
  });
  const optional = items.find((one) => one.kind === 'face' && !one.required);
  return html`<${Screen} title=${t('student.consent')} lead=${t('student.consent_text')}>
    <${ProblemBox} problem=${error} retry=${reload} />
    ${!data && !error ? html`<${Working} text=${t('student.loading')} />` : data && html`<${Form} state=${state} label=${t('student.consent_do')} off=${!items.every((one) => !one.required || ticked[one.kind])} onSubmit=${start}>
      <div class="cells ticks">${items.map((one) => html`<label key=${one.kind} class="tick">
        <input type="checkbox" name=${one.kind} checked=${Boolean(ticked[one.kind])} onChange=${(event) => set(one.kind, event.target.checked)} />
        <span><strong>${one.title}</strong>${!one.required && html` <small class="badge">${t('consent.optional')}</small>`}<br />
          <span class="muted">${one.text}</span></span></label>`)}</div>
      ${session.value?.policy.purpose && html`<p class="muted">${t('consent.purpose', { purpose: session.value.policy.purpose })}</p>`}
      ${optional && !ticked.face && html`<p class="hint">${t('consent.without_face')}</p>`}
      <p class="muted small">${t('consent.edition', { edition: data.text_version })}</p><//>
      ${given.size === 0 && html`<div class="stack"><button type="button" class="big" onClick=${goBack}>${t('consent.no')}</button></div>`}`}
  <//>`;
}
