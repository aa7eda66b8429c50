// A request for an operation of web/openapi.yaml that is well-formed: its example where it has one, else the smallest value
// its schema allows. What names something (upload_id, session_code, …) is taken from `names`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import YAML from 'yaml';
import { root } from './server.mjs';

export const api = YAML.parse(readFileSync(join(root, 'web/openapi.yaml'), 'utf8'));
export const follow = (thing) => (thing?.$ref ? follow(thing.$ref.slice(2).split('/').reduce((at, part) => at[part], api)) : thing);

/** Every operation: {id, path, method, summary, parameters, body: {type, schema, example} or null, responses, security}. */
export const operations = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => {
    const [content] = Object.entries(follow(operation.requestBody)?.content ?? {});
    const body = content ? { type: content[0], schema: content[1].schema, example: exampleOf(content[1]) } : null;
    return { id: operation.operationId, path, method: method.toUpperCase(), summary: operation.summary, parameters: (operation.parameters ?? []).map(follow), body, responses: operation.responses, security: operation.security };
}));

/** The first example of a media type object; undefined when it has none. */
export function exampleOf(media) {
    if (media.example !== undefined) return media.example;
    const [first] = Object.values(media.examples ?? {});
    return first === undefined ? undefined : follow(first).value;
}

const BY_PATTERN = { '^[0-9a-z]{26}$': '0'.repeat(26), '^([0-9]{8}|[0-9A-Za-z]{6})$': '25103003', '^[0-9a-f]{64}$': 'a'.repeat(64), '^1[3-9][0-9]{9}$': '13800000000', '^[0-9]{3}[0-9Xx]$': '0011', '^[0-9]{6}$': '123456' };

export function smallest(given, names = {}, name = '') {
    if (name in names) return names[name];
    const schema = follow(given);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum.find((one) => one !== '') ?? '';
    if (schema.oneOf ?? schema.anyOf) return smallest((schema.oneOf ?? schema.anyOf)[0], names, name);
    const type = [schema.type].flat()[0] ?? 'object';
    if (type === 'integer' || type === 'number') return Math.max(schema.minimum ?? 1, Math.min(1, schema.maximum ?? 1));
    if (type === 'boolean') return false;
    if (type === 'array') return Array.from({ length: schema.minItems ?? 0 }, () => smallest(schema.items, names, name.replace(/s$/, '')));
    if (type === 'object') {
        const wanted = new Set(schema.required ?? []);
        for (const member of Object.keys(schema.properties ?? {})) if (wanted.size < (schema.minProperties ?? 0)) wanted.add(member);
        return Object.fromEntries([...wanted].map((member) => [member, smallest(schema.properties?.[member] ?? {}, names, member)]));
    }
    if (schema.format === 'date-time') return '2026-06-01T00:00:00Z';
    if (schema.pattern) return BY_PATTERN[schema.pattern] ?? 'aaaaaaaa'.slice(0, schema.maxLength ?? 8);
    return 'x'.repeat(Math.max(schema.minLength ?? 1, 1));
}

/** The example with what it names replaced, or the smallest value; ready for Client.call. */
export function bodyOf(operation, names = {}) {
    if (!operation.body) return undefined;
    const { type, schema, example } = operation.body;
    if (!type.endsWith('json')) return typeof example === 'string' ? example : 'x';
    if (example === undefined) return smallest(schema, names);
    const put = (value, name) => {
        if (name in names) return names[name];
        if (Array.isArray(value)) return value.map((one) => put(one, name.replace(/s$/, '')));
        if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, put(one, key)]));
        return value;
    };
    return put(example, '');
}
