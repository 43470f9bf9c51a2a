/* schema: from the JSON Schema of a module's payload to fields of a form, and from their texts to the payload. */

/** [{name, kind, label, options, min, max, isRequired, hint}] of an object; one field without a name otherwise. Kinds: text,
 *  number, whole, choice, flag, json. The name null: the field is the whole payload; `raw`: as text, no JSON. */
export function fieldsOf(input) {
    if (input?.type === 'object' && input.properties) {
        return Object.entries(input.properties).map(([name, schema]) => ({
            name,
            label: name,
            isRequired: (input.required || []).includes(name),
            ...kindOf(schema),
        }));
    }
    if (input && typeof input === 'object' && input.type && input.type !== 'object')
        return [
            {
                name: null,
                label: 'Payload',
                isRequired: true,
                raw: input.type === 'string',
                long: true,
                ...kindOf(input),
            },
        ];
    return [{ name: null, label: 'Payload', kind: 'text', raw: true, long: true }];
}

function kindOf(schema) {
    if (schema?.enum) return { kind: 'choice', options: schema.enum, hint: schema.description };
    const kinds = { string: 'text', integer: 'whole', number: 'number', boolean: 'flag' };
    return {
        kind: kinds[schema?.type] || 'json',
        min: schema?.minimum,
        max: schema?.maximum,
        hint: schema?.description || range(schema),
    };
}

function range(schema) {
    if (schema?.minimum !== undefined && schema?.maximum !== undefined) return `${schema.minimum} to ${schema.maximum}`;
    return schema?.minimum !== undefined ? `${schema.minimum} or more` : undefined;
}

/** The payload of a form's texts by field; throws an Error for a text that does not fit. */
export function payloadOf(fields, texts) {
    if (fields[0]?.name === null)
        return fields[0].raw ? (texts[''] ?? '') : JSON.stringify(valueOf(fields[0], texts['']));
    const object = {};
    for (const field of fields) {
        const text = texts[field.name];
        if ((text === undefined || text === '') && !field.isRequired) continue;
        object[field.name] = valueOf(field, text);
    }
    return JSON.stringify(object);
}

function valueOf(field, text) {
    if (field.kind === 'flag') return text === true;
    if (field.kind === 'text') return text ?? '';
    if (field.kind === 'choice')
        return field.options.find((option) => String(option) === (text ?? String(field.options[0])));
    if (text === undefined || text === '') throw new Error(`${field.label} is missing.`);
    try {
        return JSON.parse(text);
    } catch {
        throw new Error(`${field.label} is no JSON: ${text}`);
    }
}
