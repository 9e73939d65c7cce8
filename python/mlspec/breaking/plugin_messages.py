"""The messages that buf and its check plugins exchange, as far as this plugin reads or writes them.

Field numbers and types are those of pluginrpc.v1 and buf.plugin.check.v1, which the repositories
pluginrpc/pluginrpc and bufbuild/bufplugin define. In Python a message is a dict from field name to
value; absent fields are left out, and an enum value is its name.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

Message = dict[str, Any]


class Field(NamedTuple):
    """A field: its name, and a scalar type, "descriptor", or a key of `MESSAGES` or `ENUMS`."""

    name: str
    type: str
    repeated: bool = False


DESCRIPTOR: Final = "descriptor"
"""A FileDescriptorProto, kept as bytes: only a comparison has to parse it."""

CHECK: Final = "/buf.plugin.check.v1.CheckService/Check"
LIST_RULES: Final = "/buf.plugin.check.v1.CheckService/ListRules"
LIST_CATEGORIES: Final = "/buf.plugin.check.v1.CheckService/ListCategories"

REQUESTS: Final = {
    CHECK: "buf.plugin.check.v1.CheckRequest",
    LIST_RULES: "buf.plugin.check.v1.ListRulesRequest",
    LIST_CATEGORIES: "buf.plugin.check.v1.ListCategoriesRequest",
}
"""The procedures, each with the type of its request."""

RESPONSES: Final = {
    CHECK: "buf.plugin.check.v1.CheckResponse",
    LIST_RULES: "buf.plugin.check.v1.ListRulesResponse",
    LIST_CATEGORIES: "buf.plugin.check.v1.ListCategoriesResponse",
}

_PAGE_OF = {1: Field("page_size", "uint32"), 2: Field("page_token", "string")}

MESSAGES: Final[dict[str, dict[int, Field]]] = {
    "google.protobuf.Any": {1: Field("type_url", "string"), 2: Field("value", "bytes")},
    "pluginrpc.v1.Spec": {1: Field("procedures", "pluginrpc.v1.Procedure", repeated=True)},
    "pluginrpc.v1.Procedure": {1: Field("path", "string")},
    "pluginrpc.v1.Request": {1: Field("value", "google.protobuf.Any")},
    "pluginrpc.v1.Response": {
        1: Field("value", "google.protobuf.Any"),
        2: Field("error", "pluginrpc.v1.Error"),
    },
    "pluginrpc.v1.Error": {1: Field("code", "pluginrpc.v1.Code"), 2: Field("message", "string")},
    "buf.plugin.check.v1.ListRulesRequest": _PAGE_OF,
    "buf.plugin.check.v1.ListCategoriesRequest": _PAGE_OF,
    "buf.plugin.check.v1.ListRulesResponse": {
        1: Field("next_page_token", "string"),
        2: Field("rules", "buf.plugin.check.v1.Rule", repeated=True),
    },
    "buf.plugin.check.v1.Rule": {
        1: Field("id", "string"),
        2: Field("category_ids", "string", repeated=True),
        3: Field("default", "bool"),
        4: Field("purpose", "string"),
        5: Field("type", "buf.plugin.check.v1.RuleType"),
    },
    "buf.plugin.check.v1.ListCategoriesResponse": {
        1: Field("next_page_token", "string"),
        2: Field("categories", "buf.plugin.check.v1.Category", repeated=True),
    },
    "buf.plugin.check.v1.Category": {1: Field("id", "string"), 2: Field("purpose", "string")},
    "buf.plugin.check.v1.CheckRequest": {
        1: Field("file_descriptors", "buf.plugin.descriptor.v1.FileDescriptor", repeated=True),
        2: Field(
            "against_file_descriptors", "buf.plugin.descriptor.v1.FileDescriptor", repeated=True
        ),
        3: Field("options", "buf.plugin.option.v1.Option", repeated=True),
        4: Field("rule_ids", "string", repeated=True),
    },
    "buf.plugin.descriptor.v1.FileDescriptor": {
        1: Field("file_descriptor_proto", DESCRIPTOR),
        2: Field("is_import", "bool"),
    },
    "buf.plugin.option.v1.Option": {1: Field("key", "string")},
    "buf.plugin.check.v1.CheckResponse": {
        1: Field("annotations", "buf.plugin.check.v1.Annotation", repeated=True)
    },
    "buf.plugin.check.v1.Annotation": {
        1: Field("rule_id", "string"),
        2: Field("message", "string"),
        3: Field("file_location", "buf.plugin.descriptor.v1.FileLocation"),
        4: Field("against_file_location", "buf.plugin.descriptor.v1.FileLocation"),
    },
    "buf.plugin.descriptor.v1.FileLocation": {
        1: Field("file_name", "string"),
        2: Field("source_path", "int32", repeated=True),
    },
}

ENUMS: Final[dict[str, dict[str, int]]] = {
    "pluginrpc.v1.Code": {
        "CODE_INVALID_ARGUMENT": 3,
        "CODE_RESOURCE_EXHAUSTED": 8,
        "CODE_UNIMPLEMENTED": 12,
        "CODE_INTERNAL": 13,
    },
    "buf.plugin.check.v1.RuleType": {"RULE_TYPE_BREAKING": 2},
}
