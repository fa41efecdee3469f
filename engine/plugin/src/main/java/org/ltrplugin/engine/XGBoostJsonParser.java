package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Map;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.core.xcontent.XContentParser.Token;

/**
 * Parses {@code model/xgboost+json}: the output of XGBoost's {@code get_dump(dump_format="json")}, either the array of
 * trees itself or an object with that array in {@code splits}.
 */
final class XGBoostJsonParser implements RankerParser {
    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException {
        try (XContentParser parser = definition.parser()) {
            return new DumpReader(parser, ordinals).readModel();
        }
    }

    private static final class DumpReader {
        private final XContentParser parser;
        private final Map<String, Integer> ordinals;
        private final TreeBuilder trees = new TreeBuilder();

        DumpReader(XContentParser parser, Map<String, Integer> ordinals) {
            this.parser = parser;
            this.ordinals = ordinals;
        }

        TreeEnsemble readModel() throws IOException {
            Objective objective = Objective.RAW;
            boolean missingAsZero = false;
            if (parser.nextToken() == Token.START_ARRAY) {
                readTrees();
            } else if (parser.currentToken() == Token.START_OBJECT) {
                while (parser.nextToken() == Token.FIELD_NAME) {
                    String field = parser.currentName();
                    parser.nextToken();
                    switch (field) {
                        case "objective" -> objective = Objective.fromXGBoost(parser.text());
                        case "missing_as_zero" -> missingAsZero = parser.booleanValue();
                        case "splits" -> readTrees();
                        default -> throw error("unknown field [" + field + "] in an XGBoost model");
                    }
                }
            }
            if (trees.isEmpty()) {
                throw error("an XGBoost model must be an array of trees, or an object with this array in [splits],"
                        + " and must have at least one tree");
            }
            return trees.build(TreeEnsemble.XGBOOST_NAME, objective, missingAsZero ? 0 : Float.NaN);
        }

        private void readTrees() throws IOException {
            expect(Token.START_ARRAY, "[splits] must be an array of trees");
            while (parser.nextToken() != Token.END_ARRAY) {
                readNode(trees.addTree(), 0);
            }
        }

        /** Reads the node at the parser's position into {@code node} of the builder. Returns its node id. */
        private int readNode(int node, int depth) throws IOException {
            Limits.checkTreeDepth(depth);
            expect(Token.START_OBJECT, "a tree node must be an object");
            NodeFields fields = new NodeFields();
            while (parser.nextToken() == Token.FIELD_NAME) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "nodeid" -> fields.id = parser.intValue();
                    case "depth" -> fields.depth = parser.intValue();
                    case "leaf" -> fields.leaf = RankerParser.parseFinite(parser, "[leaf]");
                    case "split" -> fields.feature = RankerParser.ordinal(ordinals, parser.text());
                    case "split_condition" -> fields.threshold = RankerParser.parseFinite(parser, "[split_condition]");
                    case "yes" -> fields.yes = parser.intValue();
                    case "no" -> fields.no = parser.intValue();
                    case "missing" -> fields.missing = parser.intValue();
                    case "children" -> readChildren(fields, depth);
                    default ->
                        throw error(
                                "unknown field [" + field + "] in a tree node; dump the model with [with_stats=False]");
                }
            }
            String problem = fields.problem();
            if (problem != null) {
                throw error("tree node [" + fields.id + "] " + problem);
            }
            if (fields.leaf != null) {
                trees.setLeaf(node, fields.leaf);
            } else {
                trees.setSplit(
                        node, fields.feature, fields.threshold, fields.yesChild, fields.yes.equals(fields.missing));
            }
            return fields.id;
        }

        private void readChildren(NodeFields fields, int depth) throws IOException {
            expect(Token.START_ARRAY, "[children] must be an array");
            if (fields.yesChild != null) {
                throw error("a tree node has [children] twice");
            }
            fields.yesChild = trees.addChildren();
            parser.nextToken();
            fields.yesChildId = readNode(fields.yesChild, depth + 1);
            parser.nextToken();
            fields.noChildId = readNode(TreeBuilder.noChild(fields.yesChild), depth + 1);
            parser.nextToken();
            expect(Token.END_ARRAY, "a split must have exactly two children");
        }

        private void expect(Token token, String message) {
            if (parser.currentToken() != token) {
                throw error(message);
            }
        }

        private ParsingException error(String message) {
            return new ParsingException(parser.getTokenLocation(), message);
        }
    }

    /** The fields of one node, null where the dump has none. */
    private static final class NodeFields {
        private Integer id;
        private Integer depth;
        private Float leaf;
        private Integer feature;
        private Float threshold;
        private Integer yes;
        private Integer no;
        private Integer missing;
        private Integer yesChild;
        private Integer yesChildId;
        private Integer noChildId;

        /** The reason why the node is invalid, or null. */
        private String problem() {
            if (id == null) {
                return "has no [nodeid]";
            }
            if (leaf != null) {
                return feature == null && yesChild == null ? null : "is both a leaf and a split";
            }
            if (feature == null
                    || threshold == null
                    || depth == null
                    || yes == null
                    || no == null
                    || yesChild == null) {
                return "must have [leaf], or all of [depth], [split], [split_condition], [yes], [no] and [children]";
            }
            if (yesChildId.equals(yes) == false || noChildId.equals(no) == false) {
                return "must have the [yes] node first and the [no] node second in its [children]";
            }
            return missing == null || missing.equals(yes) || missing.equals(no)
                    ? null
                    : "must have the same [missing] as [yes] or [no]";
        }
    }
}
