// Requests from schemas: mostly what the schema allows, with identifiers that exist, sometimes bent in one place.
import fc from 'fast-check';

const ID = /^[0-9a-z]{26}$/;
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const idLike = fc.array(fc.constantFrom(...LETTERS), { minLength: 26, maxLength: 26 }).map((list) => `0${list.slice(1).join('')}`);
const odd = fc.constantFrom('', ' ', 'x', '%', '..', '../..', 'null', '0', '-1', '1e9', 'ä½', '👩🏽‍🎓', "' OR 1=1 --", '<script>', 'a'.repeat(300), '\t', '{{x}}', '99999999999999999999');
const headerText = fc.constantFrom('x', '0', '-1', 'wait=0', 'wait=1', 'wait=x', '"1"', '*', 'W/"1-zh"', 'a'.repeat(200), '18446744073709551616');
const junk = fc.constantFrom(null, true, -1, 0, 1e21, 0.5, '', '👩🏽‍🎓', [], {}, [[]], { a: { b: 1 } }, 'x'.repeat(3000));

export class Bodies {
    constructor(api, follow, shielded) {
        this.follow = follow;
        this.shielded = shielded; /* ids that must not be changed: the accounts the test itself uses */
        this.ids = [];
        this.known = new Set();
        this.turn = 0;
    }

    /** Remember every identifier in an answer. */
    learn(value) {
        if (typeof value === 'string') {
            if (ID.test(value) && !this.known.has(value) && !this.shielded.has(value) && this.ids.length < 400) {
                this.known.add(value);
                this.ids.push(value);
            }
        } else if (value && typeof value === 'object') {
            Object.values(value).forEach((part) => this.learn(part));
        }
    }

    id() { return fc.oneof({ weight: 5, arbitrary: fc.nat().map((n) => this.ids[n % Math.max(this.ids.length, 1)] ?? '0'.repeat(26)) }, { weight: 1, arbitrary: idLike }); }

    text(schema) {
        if (schema.pattern === '^[0-9a-z]{26}$') return this.id();
        if (schema.format === 'date-time') return fc.date({ min: new Date(0), max: new Date('2090-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
        if (schema.pattern?.includes('[0-9]{8}|')) return fc.oneof(fc.constant('25103003'), fc.stringMatching(/^[0-9]{8}$/), fc.stringMatching(/^[0-9A-Z]{6}$/));
        if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern)).map((text) => text.slice(0, schema.maxLength ?? 100)).filter((text) => new RegExp(schema.pattern).test(text) && text.length >= (schema.minLength ?? 0));
        const minLength = schema.minLength ?? 0;
        return fc.string({ unit: fc.constantFrom(...'abz019 -_,."\n学影é'), minLength, maxLength: Math.min(schema.maxLength ?? 60, minLength + 40) });
    }

    of(given) {
        const schema = this.follow(given);
        if (schema.enum) return fc.constantFrom(...schema.enum);
        if (schema.oneOf) return fc.oneof(...schema.oneOf.map((one) => this.of(one)));
        const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
        if (type === 'integer') return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) });
        if (type === 'number') return fc.double({ noNaN: true, noDefaultInfinity: true });
        if (type === 'boolean') return fc.boolean();
        if (type === 'array') return fc.array(this.of(schema.items ?? { type: 'string' }), { minLength: schema.minItems ?? 0, maxLength: schema.maxItems ?? 4 })
            .map((list) => (schema.uniqueItems ? [...new Set(list)] : list));
        if (type === 'object') {
            const parts = Object.entries(schema.properties ?? {});
            return fc.record(Object.fromEntries(parts.map(([name, part]) => [name, this.of(part)])), { requiredKeys: schema.required ?? [] });
        }
        return this.text(schema);
    }

    /** One thing about the object made wrong: a member gone, of another kind, or one too many. */
    bent(arbitrary) {
        return fc.tuple(arbitrary, fc.constantFrom('drop', 'junk', 'extra'), fc.nat(), junk).map(([value, how, n, wrong]) => {
            if (!value || typeof value !== 'object') return wrong;
            const names = Object.keys(value);
            const name = names[n % Math.max(names.length, 1)] ?? 'x';
            const copy = { ...value };
            if (how === 'drop') delete copy[name];
            else copy[how === 'junk' ? name : 'not_a_field'] = wrong;
            return copy;
        });
    }

    csv() {
        const line = fc.array(fc.constantFrom('2022001001', 'accepted', 'refused', '王*', '"', '""', 'a,b', '=1+1', '', '110101200001010117', 'ears'), { maxLength: 7 }).map((cells) => cells.join(','));
        const head = fc.constantFrom('file_name,result,reason', 'code,carrier,tracking_no', 'student_no,name,id_number,college,major,class_name', '', '\ufeffstudent_no,name,id_number');
        return fc.tuple(head, fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n')).map(([first, lines, end]) => [first, ...lines].join(end));
    }

    body(operation) {
        const [type, { schema }] = Object.entries(operation.body.content)[0];
        const good = { 'content-type': type };
        if (type === 'application/json') {
            const made = this.of(schema);
            return fc.oneof(
                { weight: 6, arbitrary: made.map((value) => ({ headers: good, body: JSON.stringify(value) })) },
                { weight: 3, arbitrary: this.bent(made).map((value) => ({ headers: good, body: JSON.stringify(value) })) },
                { weight: 1, arbitrary: fc.constantFrom('', '{', '[]', 'null', '{"a":1,"a":2}', '\ud800', '{"a":1e999}', `${'['.repeat(40)}`, '{"version":1}x').map((body) => ({ headers: good, body })) },
                { weight: 1, arbitrary: made.map((value) => ({ headers: { 'content-type': 'text/plain' }, body: JSON.stringify(value) })) });
        }
        if (type === 'text/csv')
            return fc.oneof({ weight: 5, arbitrary: this.csv().map((body) => ({ headers: good, body })) }, { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((body) => ({ headers: good, body })) },
                { weight: 1, arbitrary: this.csv().map((body) => ({ headers: { 'content-type': 'application/json' }, body })) });
        return fc.uint8Array({ maxLength: 4000 }).map((body) => ({ headers: good, body }));
    }

    /** Parameters that are in order, for requests whose body is the point. */
    plain(operation) {
        return Object.fromEntries(operation.parameters.filter((one) => one.required).map((one) => {
            const schema = this.follow(one.schema);
            return [one.name, schema.enum?.[0] ?? (schema.type === 'integer' ? 0 : this.ids[0])];
        }));
    }

    request(operation) {
        const parameters = fc.record(Object.fromEntries(operation.parameters.map((one) => {
            const value = this.of(one.schema);
            const strange = one.in === 'header' ? headerText : odd.filter((text) => one.in !== 'path' || !['', '.', '..', '../..'].includes(text));
            const usable = one.in === 'header' ? value.map((text) => String(text).replace(/[^\x21-\x7e]/g, '_') || '_') : value;
            return [one.name, fc.oneof({ weight: 8, arbitrary: usable }, { weight: 1, arbitrary: strange })];
        })), { requiredKeys: operation.parameters.filter((one) => one.in === 'path').map((one) => one.name) });
        const who = fc.constantFrom('right', 'right', 'right', 'right', 'right', 'right', 'other', 'nobody', 'garbage');
        const body = operation.body ? this.body(operation) : fc.constant({ headers: {}, body: undefined });
        return fc.tuple(parameters, who, body).map(([values, by, content]) => ({ parameters: values, who: by, ...content }));
    }
}
