/* openapi_document: the description of all routes in OpenAPI 3.1, made from their tables. */
#ifndef TASKMASTER_GATEWAY_API_OPENAPI_DOCUMENT_H
#define TASKMASTER_GATEWAY_API_OPENAPI_DOCUMENT_H

struct api_route;

/* `lists`: up to NULL; each up to a row without a path. The caller frees the text. */
char *openapi_document(const struct api_route *const *lists);

#endif
