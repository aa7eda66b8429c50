// phone — the number that messages go to when WeChat does not carry them.
import { phoneBind } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { goBack } from './route.js';
import { refresh, reloadSubmission, student, submission } from './student.js';

export function Phone() {
  const form = useDraft('phone', { phone: '' });
  const [state, start] = useTask(async () => {
    await phoneBind({ phone: form[0].phone.replace(/[\s-]/g, '') });
    form[2]();
    await refresh();
    if (submission.value)
      await reloadSubmission();
    goBack();
  });
  return html`<${Screen} title=${t('student.phone_title')} lead=${t('student.phone_text')}>
    ${student.value.phone_masked && html`<p>${t('student.phone_now', { phone: student.value.phone_masked })}</p>`}
    <${Form} state=${state} label=${t('act.save')} onSubmit=${start}>
      <${Field} form=${form} name="phone" label=${t('student.phone')} type="tel" inputmode="tel" autocomplete="tel-national" required maxlength="13" pattern="1[3-9][0-9 \\-]{9,11}" /><//>
  <//>`;
}
