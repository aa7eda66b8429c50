// portrait — a picture of the ID card's portrait side: what the photo is compared with.
import { portraitSet } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html } from '../shared/view.js';
import { CardChoose } from './capture/choose.js';
import { CardFrame } from './drawings.js';
import { Screen, Sending, useTask } from './parts.js';
import { goBack } from './route.js';
import { refresh } from './student.js';
import { upload } from './upload.js';

export function Portrait() {
  const [state, start] = useTask(async (file, source, onProgress) => {
    const upload_id = await upload(file, 'id_portrait', source, onProgress);
    await portraitSet({ upload_id });
    await refresh();
    goBack();
  });
  return html`<${Screen} title=${t('student.portrait')} lead=${t('student.portrait_text')}>
    <${CardFrame} side="portrait" />
    <${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <${CardChoose} side="portrait" camera=${t('student.take_card')} album=${t('student.from_album')} busy=${state.busy} onFile=${(blob, mode) => start(blob, mode)} /><//>`;
}
