// notice — may WeChat tell what becomes of the photo? The mini program asks with WeChat's own sheet; here the answer is given on
// the page, and what WeChat does not carry after all comes as a text message and in the inbox.
import { sessionTemplatesPublic, subscriptionAccepted } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useLoad } from '../shared/view.js';
import { Form, Screen, Working, useTask } from './parts.js';
import { goBack } from './route.js';
import { keepDraft } from './draft.js';
import { reloadSubmission, session, student, submission } from './student.js';

const ANSWERS = ['allow', 'reject']; /* no prompt of WeChat's was accepted here: nothing for the ledger */

export function Notice() {
  const { data, error, reload } = useLoad((signal) => sessionTemplatesPublic(session.value.code, { signal }), []);
  const items = data?.items || [];
  const [state, answer] = useTask(async (said) => {
    await subscriptionAccepted({ results: Object.fromEntries(items.map((one) => [one.template_id, said])) });
    keepDraft('asked', true);
    student.update({ asked: true });
    if (submission.value)
      await reloadSubmission();
    goBack();
  });
  const required = session.value.policy.notice === 'required';
  return html`<${Screen} title=${t('notice.title')} lead=${t('notice.text')}>
    <${ProblemBox} problem=${error} retry=${reload} />${!data && !error && html`<${Working} text=${t('student.loading')} />`}
    ${data && html`<${Form} state=${state} label=${t('notice.accept')} onSubmit=${() => answer(ANSWERS[0])}>
      <ul class="cells">${items.map((one) => html`<li key=${one.template_id} class="cell"><span class="cell-label">${one.title}</span></li>`)}</ul>
      <p class="muted small">${t('notice.else')}</p><//>
      ${!required && html`<div class="stack"><button type="button" class="big" disabled=${state.busy} onClick=${() => answer(ANSWERS[1])}>${t('notice.reject')}</button></div>`}`}<//>`;
}
