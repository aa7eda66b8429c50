// client — every question a student's page may ask, as a function. Made by tools/client.mjs from web/openapi.yaml: change
// that, run `node tools/client.mjs`, and commit both; a test compares them.
//
//   import { attemptAdd, submissionShow, uploadPart, wholeAnswer } from '../shared/client.js';
//   import * as server from '../shared/client.js';                          when many are needed: server.me()
//   const now = await submissionShow(id);                                   the answer's JSON, a Blob, or null for 204
//   await attemptAdd(now.id, { upload_id });                                refusals are thrown as a Problem (api.js)
//   await messages({ query: { limit: 20, cursor } });
//   await uploadPart(id, offset, bytes, { timeout_ms: 60000 });             options are those of api.js's call()
//   const { status, data, headers } = await submissionShow(id, wholeAnswer({ headers: { 'if-none-match': tag } }));
//
// Arguments: the path's parameters, required headers, the body where there is one, options. Operations that take an
// Idempotency-Key get a new one for each call; give `key` to repeat one. `setToken` of api.js says who asks.
import { call, newKey } from './api.js';

const part = encodeURIComponent;
const send = (method, path, options) => call(method, path, options).then((answer) => (options?.whole ? answer : answer.data));
/** Options with which a function gives {status, data, headers}; 304 and HEAD need it. */
export const wholeAnswer = (options) => ({ ...options, whole: true });

/** states, events and the table of moves @returns {Promise<{states: Array<{name: string, en: string, zh: string, student_en?: string, student_zh?: string}>, events: Array<{name: string, en: string, zh: string, student_en?: string, student_zh?: string}>, rows: Array<{from: string, event: string, who: 'student'|'staff'|'server', guards: Array<string>, to: string, lane: string, effects: Array<string>}>}>} */
export const workflow = (options) => send('GET', '/api/v1/workflow', options);

/** reasons for sending a photo back @returns {Promise<{items: Array<Reason>}>} */
export const reasons = (options) => send('GET', '/api/v1/reasons', options);

/** the photo profiles we know @returns {Promise<{items: Array<Profile>}>} */
export const profiles = (options) => send('GET', '/api/v1/profiles', options);

/** the texts to agree to, newest edition @param options {{query: {session_code?: string}}} @returns {Promise<{text_version: string, items: Array<{kind: 'privacy'|'face'|'passing_on', required: boolean, title: string, text: string}>}>} */
export const consents = (options) => send('GET', '/api/v1/consents', options);

/** what to ask the student for by wx.requestSubscribeMessage @returns {Promise<{items: Array<{template_id: string, kind: 'result'|'progress'|'delivery'|'payment', title: string}>}>} */
export const sessionTemplatesPublic = (code, options) => send('GET', `/api/v1/sessions/${part(code)}/templates`, options);

/** a capture session @returns {Promise<{code: string, name: string, school: string, opens: string, closes: string, open_now: boolean, level: string, graduation_year: number, batch_name: string, policy: Policy, profile: Profile, service_account: {name: string, picture: boolean}|null}>} */
export const sessionPublic = (code, options) => send('GET', `/api/v1/sessions/${part(code)}`, options);

/** the QR code of the service account that students are asked to follow @returns {Promise<Blob>} */
export const serviceAccountPicture = (options) => send('GET', '/api/v1/service-account/picture', options);

/** schools by name, with their sessions of a level @param options {{query: {q: string, level?: string}}} @returns {Promise<{items: Array<{school: string, school_code: string, sessions: Array<{code: string, name: string, level: string, graduation_year: number, batch_name: string, opens: string, closes: string, open_now: boolean}>}>}>} */
export const schoolFind = (options) => send('GET', '/api/v1/schools', options);

/** log in with wx.login's code @param body {{code: string, kind?: 'mini'|'page'}} @returns {Promise<{token: string, expires: string, student: Student}>} */
export const loginWechat = (body, options) => send('POST', '/api/v1/login/wechat', { ...options, body });

/** to the page of WeChat, inside its browser @param options {{query: {session?: string, state: string}}} @returns {Promise<null>} */
export const loginWechatStart = (options) => send('GET', '/api/v1/login/wechat/start', options);

/** a code by text message @param body {{phone: string}} @returns {Promise<null>} */
export const loginPhoneCode = (body, options) => send('POST', '/api/v1/login/phone/code', { ...options, body });

/** log in with the code @param body {{phone: string, code: string}} @returns {Promise<{token: string, expires: string, student: Student}>} */
export const loginPhone = (body, options) => send('POST', '/api/v1/login/phone', { ...options, body });

/** log in with student number, last four of the ID number and name @param body {{session_code: string, student_no: string, last_four: string, name: string}} @returns {Promise<{token: string, expires: string, student: Student}>} */
export const loginNumber = (body, options) => send('POST', '/api/v1/login/number', { ...options, body });

/** end this login @returns {Promise<null>} */
export const logout = (options) => send('POST', '/api/v1/logout', options);

/** who I am and what I have @returns {Promise<{id: string, phone_masked: string, name_masked: string, linked: boolean, portrait: boolean, language: 'zh'|'en', identity: IdentityState, consents: Array<{kind: 'privacy'|'face'|'passing_on', text_version: string, given: string}>, submissions: Array<SubmissionRef>}>} */
export const me = (options) => send('GET', '/api/v1/me', options);

/** bind a phone (code of getPhoneNumber, or the number itself) @param body {{code: string}|{phone: string}} @returns {Promise<{phone_masked: string}>} */
export const phoneBind = (body, options) => send('PUT', '/api/v1/me/phone', { ...options, body });

/** language of messages @param body {{language: 'zh'|'en'}} @returns {Promise<null>} */
export const languageSet = (body, options) => send('PUT', '/api/v1/me/language', { ...options, body });

/** give consents @param body {{kinds: Array<'privacy'|'face'|'passing_on'>, text_version: string}} @returns {Promise<{consents: Array<{kind: 'privacy'|'face'|'passing_on', text_version: string, given: string}>}>} */
export const consentGive = (body, options) => send('POST', '/api/v1/me/consents', { ...options, body });

/** withdraw a consent @returns {Promise<null>} */
export const consentWithdraw = (kind, options) => send('DELETE', `/api/v1/me/consents/${part(kind)}`, options);

/** use a complete upload as ID portrait @param body {{upload_id: string}} @returns {Promise<null>} */
export const portraitSet = (body, options) => send('POST', '/api/v1/me/portrait', { ...options, body });

/** a picture of the identity card @param body {{upload_id: string, side: 'portrait'|'emblem'}} @returns {Promise<{id: string, side: 'portrait'|'emblem', state: 'processing'}>} */
export const idCardAdd = (body, options) => send('POST', '/api/v1/me/id-card', { key: newKey(), ...options, body });

/** what was read, for its owner, until it is confirmed @returns {Promise<{id: string, side: 'portrait'|'emblem', state: 'processing'|'read'|'unreadable'|'wrong_side', problem: {code: string, zh: string, en: string}|null, name: string|null, id_number: string|null, valid_from: string|null, valid_until: string|null, portrait: boolean, checks: Array<{id: string, verdict: 'pass'|'warn', fix_zh?: string, fix_en?: string}>, created: string, expires: string}>} */
export const idCardShow = (id, options) => send('GET', `/api/v1/me/id-card/${part(id)}`, options);

/** this is who I am @param body {{name: string, id_number: string, document_type?: 'resident'|'hk_macau_permit'|'taiwan_permit'|'residence_permit'|'foreigner_permit'|'passport', id_card_ids?: Array<string>, session_code?: string}} @returns {Promise<IdentityState>} */
export const identitySet = (body, options) => send('POST', '/api/v1/me/identity', { ...options, body });

/** the collection code, before the link @param body {{upload_id: string}|{payload: string}} @returns {Promise<{id: string, source: 'picture'|'scan', state: 'processing'}>} */
export const myCodeAdd = (body, options) => send('POST', '/api/v1/me/code', { key: newKey(), ...options, body });

/** what became of it @returns {Promise<{id: string, source: 'picture'|'scan', state: string, looks_like: string, text: string, name_masked: string, id_number_masked: string, name_needed: boolean, created: string}>} */
export const myCodeShow = (id, options) => send('GET', `/api/v1/me/code/${part(id)}`, options);

/** the entries of the roster that the proof shows @param body {{session_code: string, student_no?: string, last_four?: string, name?: string, id_number?: string, code_id?: string}} @returns {Promise<{items: Array<{enrolment_id: string, session_code: string, session_name: string, school: string, college: string, major: string, class_name: string, student_no_masked: string, name_masked: string, linked: boolean, taken: boolean}>}>} */
export const enrolments = (body, options) => send('POST', '/api/v1/me/enrolments', { ...options, body });

/** link with the roster @param body {{session_code: string, student_no?: string, last_four?: string, name?: string, id_number?: string, code_id?: string, enrolment_id?: string}} @returns {Promise<Submission>} */
export const link = (body, options) => send('POST', '/api/v1/me/link', { ...options, body });

/** ask for a copy of all my data (once a day) @returns {Promise<{id: string, state: 'making'|'ready'|'failed'|'gone', size_bytes: number, left_out: number, created: string, expires: string, next_from: string}>} */
export const ownCopyAsk = (options) => send('POST', '/api/v1/me/copy', options);

/** the newest copy @returns {Promise<{id: string, state: 'making'|'ready'|'failed'|'gone', size_bytes: number, left_out: number, created: string, expires: string, next_from: string}>} */
export const ownCopyShow = (options) => send('GET', '/api/v1/me/copy', options);

/** the copy, a ZIP of data.json and pictures; audited @returns {Promise<Blob>} */
export const ownCopyFile = (options) => send('GET', '/api/v1/me/copy/file', options);

/** forget me, what is personal is erased; refused while a photo is under review or on its way @param body {{confirm: 'forget me'}} @returns {Promise<null>} */
export const leave = (body, options) => send('POST', '/api/v1/me/leave', { ...options, body });

/** not found, so people look @param body {{session_code: string, name: string, id_number?: string, student_no?: string, college?: string, major?: string, class_name?: string, note?: string}} @returns {Promise<{id: string, session_code: string, session_name: string, state: 'waiting'|'linked'|'refused'|'withdrawn', reason: string, submission_id: string|null, created: string, decided: string|null}>} */
export const linkRequestAdd = (body, options) => send('POST', '/api/v1/me/link-requests', { key: newKey(), ...options, body });

/** what became of my requests @returns {Promise<{items: Array<LinkRequest>}>} */
export const linkRequestsMine = (options) => send('GET', '/api/v1/me/link-requests', options);

/** inbox, newest first @param options {{query: {limit?: number, cursor?: string}}} @returns {Promise<{items: Array<Message>, next: string|null, unread: number}>} */
export const messages = (options) => send('GET', '/api/v1/me/messages', options);

/** say something to customer service (text, a picture, or both) @param body {{text?: string, upload_id?: string, submission_id?: string}} @returns {Promise<{id: string, kind: string, from: 'system'|'me'|'service', title: string, text: string, picture: boolean, submission_id: string|null, created: string, read: string|null}>} */
export const messageSend = (body, options) => send('POST', '/api/v1/me/messages', { key: newKey(), ...options, body });

/** the picture of a message @returns {Promise<Blob>} */
export const messagePicture = (id, options) => send('GET', `/api/v1/me/messages/${part(id)}/picture`, options);

/** mark as read @returns {Promise<null>} */
export const messageRead = (id, options) => send('POST', `/api/v1/me/messages/${part(id)}/read`, options);

/** answers to WeChat prompts; accepted ones raise the ledger @param body {{results?: Object, template_ids?: Array<string>}} @returns {Promise<null>} */
export const subscriptionAccepted = (body, options) => send('POST', '/api/v1/me/subscriptions', { ...options, body });

/** announce an upload (12 MiB at most) @param body {{purpose: 'photo'|'id_portrait'|'id_card'|'code'|'message', size_bytes: number, sha256: string, source?: 'live'|'native'|'album', captured_at?: string, lens?: string}} @returns {Promise<{id: string, offset: number, complete: boolean}>} */
export const uploadStart = (body, options) => send('POST', '/api/v1/uploads', { ...options, body });

/** how much has arrived @returns {Promise<null>} */
export const uploadOffset = (id, options) => send('HEAD', `/api/v1/uploads/${part(id)}`, options);

/** one part, 1 MiB at most @param body {Blob|ArrayBuffer} @returns {Promise<{offset: number, complete: boolean}>} */
export const uploadPart = (id, uploadOffset, body, options) => send('PATCH', `/api/v1/uploads/${part(id)}`, { ...options, headers: { ...options?.headers, 'upload-offset': uploadOffset }, body, type: 'application/offset+octet-stream' });

/** show CHSI's collection code, as a complete upload of purpose code or as the bytes a scanner read @param body {{upload_id?: string, payload?: string}} @returns {Promise<{id: string, number: number, source: 'picture'|'scan', state: 'processing'}>} */
export const codeAdd = (id, body, options) => send('POST', `/api/v1/submissions/${part(id)}/code`, { key: newKey(), ...options, body });

/** look at one frame of the running camera; nothing is stored @param body {Blob|ArrayBuffer} @param options {{query: {profile?: string, width?: number}}} @returns {Promise<{analysed: boolean, faces: number|null, box: null|{x: number, y: number, w: number, h: number}, eyes: null|Array<{x: number, y: number}>, roll_degrees: number|null, yaw_degrees: number|null, luminance: number|null, half_lit: number|null, sharpness: number|null, wall_spread: number|null, hint: null|{code: string, text: string}, next_ms: number}>} */
export const precheck = (body, options) => send('POST', '/api/v1/precheck', { ...options, body, type: 'image/jpeg' });

/** make an attempt from a complete upload @param body {{upload_id: string}} @returns {Promise<{id: string, number: number, state: 'processing'|'ready'|'failed'}>} */
export const attemptAdd = (id, body, options) => send('POST', `/api/v1/submissions/${part(id)}/attempts`, { key: newKey(), ...options, body });

/** an attempt with its report @returns {Promise<{id: string, number: number, state: 'processing'|'ready'|'failed', verdict: ''|'pass'|'warn'|'fail', report: Report, source: 'live'|'native'|'album', created: string, captured?: string|null, lens?: string, chosen: boolean, insisted?: boolean, rejected?: boolean, retouch?: number}>} */
export const attemptShow = (id, attempt, options) => send('GET', `/api/v1/submissions/${part(id)}/attempts/${part(attempt)}`, options);

/** its picture (404 until it is ready) @param options {{query: {variant?: 'standard'|'proxy'}}} @returns {Promise<Blob>} */
export const attemptPhoto = (id, attempt, options) => send('GET', `/api/v1/submissions/${part(id)}/attempts/${part(attempt)}/photo`, options);

/** choose an attempt; insist = hand in what the machine failed, once @param body {{attempt_id: string, insist?: boolean}} @returns {Promise<Submission>} */
export const attemptChoose = (id, body, options) => send('PUT', `/api/v1/submissions/${part(id)}/attempt`, { ...options, body });

/** the status poll (ETag, If-None-Match, Prefer wait=N) @returns {Promise<Submission>} */
export const submissionShow = (id, options) => send('GET', `/api/v1/submissions/${part(id)}`, options);

/** every move, oldest first @param options {{query: {limit?: number, cursor?: string}}} @returns {Promise<{items: Array<TimelineItem>, next: string|null}>} */
export const timeline = (id, options) => send('GET', `/api/v1/submissions/${part(id)}/timeline`, options);

/** confirm the data of the roster, fill its gaps @param body {{college?: string, major?: string, class_name?: string, email?: string, phone?: string}} @returns {Promise<Submission>} */
export const detailsSet = (id, body, options) => send('PUT', `/api/v1/submissions/${part(id)}/details`, { ...options, body });

/** where the prints go @param body {{name: string, phone: string, text: string}} @returns {Promise<null>} */
export const addressSet = (id, body, options) => send('PUT', `/api/v1/submissions/${part(id)}/address`, { ...options, body });

/** the size of the prints, where the session leaves it to the student @param body {{layout: 'one_inch'|'two_inch'}} @returns {Promise<null>} */
export const layoutSet = (id, body, options) => send('PUT', `/api/v1/submissions/${part(id)}/print_layout`, { ...options, body });

/** step 1 shows what will be handed in, step 2 hands it in @param body {{version: number, step: number, token?: string}} @returns {Promise<{token: string, summary: {code: string, name_masked: string, student_no: string, school: string, session_name: string, attempt_id: string, attempt_number: number, verdict: ''|'pass'|'warn'|'fail', price_fen: number, payment: 'none'|'before'|'after', deliver_chsi: boolean, deliver_print: boolean, deliver_mail: 'none'|'student'|'school'}}|Submission>} */
export const confirm = (id, body, options) => send('POST', `/api/v1/submissions/${part(id)}/confirm`, { key: newKey(), ...options, body });

/** start paying @param body {{channel?: 'jsapi'|'h5', account?: 'mini'|'page'}} @returns {Promise<{payment_id: string, amount_fen: number, channel: 'jsapi'|'h5', prepay: {appId: string, timeStamp: string, nonceStr: string, package: string, signType: 'RSA', paySign: string}|{h5_url: string}}>} */
export const paymentStart = (id, body, options) => send('POST', `/api/v1/submissions/${part(id)}/payment`, { ...options, body });

/** what became of the last order @returns {Promise<{payment_id: string, state: 'created'|'prepaid'|'paid'|'closed'|'refunding'|'refunded', amount_fen: number, refunded_fen: number, channel: 'jsapi'|'h5'|'native'|'transfer'}>} */
export const paymentShow = (id, options) => send('GET', `/api/v1/submissions/${part(id)}/payment`, options);

/** what a student may cause @param body {{version: number, note?: string, result?: 'right'|'wrong'}} @returns {Promise<Submission>} */
export const studentEvent = (id, event, body, options) => send('POST', `/api/v1/submissions/${part(id)}/${part(event)}`, { key: newKey(), ...options, body });

/** the approved photo as attachment @returns {Promise<Blob>} */
export const approvedPhoto = (id, options) => send('GET', `/api/v1/submissions/${part(id)}/photo`, options);
