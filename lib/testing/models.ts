/** The page of `GET /v1/models`. */
export function listModels() {
  return {
    data: models,
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}

/** `GET /v1/models/{id}`; undefined if there is no such model. */
export function retrieveModel(id: string) {
  return models.find(model => model.id === id);
}

const models = [
  model('claude-opus-5-5', 'Claude Opus 5.5'),
  model('claude-sonnet-5-5', 'Claude Sonnet 5.5'),
  model('claude-haiku-5-5', 'Claude Haiku 5.5'),
  model('claude-haiku-4-5', 'Claude Haiku 4.5'),
];

function model(id: string, name: string) {
  return { type: 'model', id, display_name: `${name} (offline)`, created_at: '1970-01-01T00:00:00Z' };
}
