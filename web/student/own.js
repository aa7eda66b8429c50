// own — the submissions a student has, to go back to one.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { complain } from '../shared/notices.js';
import { Cell, Cells } from './parts.js';
import { goInstead } from './route.js';
import { openSession, submission } from './student.js';

export function Own({ me }) {
  const others = me.submissions.filter((one) => one.id !== submission.value?.id);
  if (others.length === 0)
    return null;
  const open = (one) => () => openSession(one.session_code, one.id).then(() => goInstead('home'), complain);
  return html`<${Cells} title=${t('student.own')}>${others.map((one) => html`<${Cell} key=${one.id} icon="portrait"
    label=${one.session_name} note=${[one.major, t('student.number_of', { code: one.code })].filter(Boolean).join(' · ')} onOpen=${open(one)} />`)}<//>`;
}
