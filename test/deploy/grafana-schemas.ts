/** After https://grafana.com/docs/grafana/latest/administration/provisioning/, as strictly as our files allow. */

const uid = { type: "string", pattern: "^[a-zA-Z0-9_-]{1,40}$" };

const dataSource = {
  type: "object",
  properties: {
    name: { type: "string" },
    uid,
    type: { enum: ["prometheus", "alertmanager", "tempo"] },
    access: { const: "proxy" },
    url: { type: "string", pattern: "^http://[a-z-]+:\\d+$" },
    isDefault: { type: "boolean" },
    editable: { const: false },
    jsonData: { type: "object" },
  },
  required: ["name", "uid", "type", "access", "url", "editable"],
  additionalProperties: false,
  allOf: [
    {
      if: { properties: { type: { const: "prometheus" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: {
        required: ["jsonData"],
        properties: {
          jsonData: {
            properties: {
              httpMethod: { enum: ["GET", "POST"] },
              timeInterval: { type: "string", pattern: "^\\d+[sm]$" },
              manageAlerts: { type: "boolean" },
              alertmanagerUid: uid,
            },
            required: ["timeInterval"],
            additionalProperties: false,
          },
        },
      },
    },
    {
      if: { properties: { type: { const: "alertmanager" } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: {
        required: ["jsonData"],
        properties: {
          jsonData: {
            properties: {
              implementation: { enum: ["prometheus", "mimir", "cortex"] },
              handleGrafanaManagedAlerts: { type: "boolean" },
            },
            required: ["implementation"],
            additionalProperties: false,
          },
        },
      },
    },
  ],
};

const file = (list: string, item: object) => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: { apiVersion: { const: 1 }, [list]: { type: "array", minItems: 1, items: item } },
  required: ["apiVersion", list],
  additionalProperties: false,
});

export const dataSourcesSchema = file("datasources", dataSource);

export const dashboardProvidersSchema = file("providers", {
  type: "object",
  properties: {
    name: { type: "string" },
    folder: { type: "string" },
    folderUid: uid,
    type: { const: "file" },
    disableDeletion: { type: "boolean" },
    allowUiUpdates: { type: "boolean" },
    updateIntervalSeconds: { type: "integer", exclusiveMinimum: 10 },
    options: {
      type: "object",
      properties: { path: { type: "string", pattern: "^/" }, foldersFromFilesStructure: { type: "boolean" } },
      required: ["path"],
      additionalProperties: false,
    },
  },
  required: ["name", "type", "options"],
  additionalProperties: false,
});
