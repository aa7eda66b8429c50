// delivery — which prints, and where they go.
import * as server from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { html, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { Choice } from './pieces.js';
import { goBack } from './route.js';
import { reloadSubmission, session, submission } from './student.js';

const LAYOUTS = ['one_inch', 'two_inch'];

/** Which prints, and where they go. */
export function Delivery() {
  const now = useValue(submission);
  const { policy } = session.value;
  const form = useDraft('address', { name: '', phone: '', text: '', layout: now.print_layout || 'two_inch' });
  const [values, set, drop] = form;
  const [state, save] = useTask(async () => {
    if (policy.print_layout === 'student' && policy.deliver_print)
      await server.layoutSet(now.id, { layout: values.layout });
    if (policy.deliver_mail === 'student')
      await server.addressSet(now.id, { name: values.name, phone: values.phone, text: values.text });
    await reloadSubmission();
    drop();
    goBack();
  });
  return html`<${Screen} title=${t('task.delivery')}><${Form} state=${state} label=${t('act.save')} onSubmit=${save}>
    ${policy.print_layout === 'student' && policy.deliver_print && html`<p class="lead">${t('student.layout_text')}</p>
      <${Choice} name="layout" value=${values.layout} onChange=${(layout) => set('layout', layout)} options=${LAYOUTS.map((value) => ({ value, label: t(`layout.${value}`), note: t(`layout.${value}.note`) }))} />`}
    ${policy.deliver_mail === 'student' && html`<p class="lead">${t('student.address_text')}</p>
    <${Field} form=${form} name="name" label=${t('student.receiver')} required maxlength="60" autocomplete="name" />
    <${Field} form=${form} name="phone" label=${t('student.phone')} required maxlength="20" type="tel" inputmode="tel" autocomplete="tel" pattern="[0-9+ \\-]{5,20}" />
    <${Field} form=${form} name="text" label=${t('student.address')} hint=${t('student.address_hint')} lines="3" required minlength="5" maxlength="200" autocomplete="street-address" />`}<//><//>`;
}
