package org.ltrplugin.engine;

import java.io.IOException;
import java.util.Map;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.core.xcontent.XContentParser.Token;

/**
 * {@code model/xgboost+json}: the text of XGBoost's {@code get_dump(dump_format="json")}, as it is or under {@code
 * splits}.
 */
final class XGBoostJsonParser implements RankerParser {
    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException {
        try (XContentParser parser = definition.parser()) {
            return new Reading(parser, ordinals).ensemble();
        }
    }

    private static final class Reading {
        private final XContentParser parser;
        private final Map<String, Integer> ordinals;
        private final TreeBuilder trees = new TreeBuilder();

        Reading(XContentParser parser, Map<String, Integer> ordinals) {
            this.parser = parser;
            this.ordinals = ordinals;
        }

        TreeEnsemble ensemble() throws IOException {
            Objective objective = Objective.RAW;
            boolean missingAsZero = false;
            if (parser.nextToken() == Token.START_ARRAY) {
                readTrees();
            } else if (parser.currentToken() == Token.START_OBJECT) {
                while (parser.nextToken() == Token.FIELD_NAME) {
                    String field = parser.currentName();
                    parser.nextToken();
                    switch (field) {
                        case "objective" -> objective = Objective.ofXGBoost(parser.text());
                        case "missing_as_zero" -> missingAsZero = parser.booleanValue();
                        case "splits" -> readTrees();
                        default -> throw fault("unknown field [" + field + "] in an XGBoost model");
                    }
                }
            }
            if (trees.isEmpty()) {
                throw fault("an XGBoost model is an array of trees, or an object that has them in [splits];"
                        + " it needs at least one tree");
            }
            return trees.build(TreeEnsemble.XGBOOST_NAME, objective, missingAsZero ? 0 : Float.NaN);
        }

        private void readTrees() throws IOException {
            expect(Token.START_ARRAY, "[splits] must be an array of trees");
            while (parser.nextToken() != Token.END_ARRAY) {
                readNode(trees.addTree(), 0);
            }
        }

        /** Reads the object the parser stands on into its place; returns its node id. */
        private int readNode(int place, int depth) throws IOException {
            Limits.checkTreeDepth(depth);
            expect(Token.START_OBJECT, "a tree node must be an object");
            Node node = new Node();
            while (parser.nextToken() == Token.FIELD_NAME) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "nodeid" -> node.id = parser.intValue();
                    case "depth" -> node.depth = parser.intValue();
                    case "leaf" -> node.leaf = RankerParser.finite(parser, "[leaf]");
                    case "split" -> node.feature = RankerParser.ordinal(ordinals, parser.text());
                    case "split_condition" -> node.threshold = RankerParser.finite(parser, "[split_condition]");
                    case "yes" -> node.yes = parser.intValue();
                    case "no" -> node.no = parser.intValue();
                    case "missing" -> node.missing = parser.intValue();
                    case "children" -> readChildren(node, depth);
                    default ->
                        throw fault("unknown field [" + field + "] in a tree node (dump the model without statistics)");
                }
            }
            String problem = node.problem();
            if (problem != null) {
                throw fault("tree node [" + node.id + "] " + problem);
            }
            if (node.leaf != null) {
                trees.setLeaf(place, node.leaf);
            } else {
                trees.setSplit(place, node.feature, node.threshold, node.children, node.yes.equals(node.missing));
            }
            return node.id;
        }

        private void readChildren(Node node, int depth) throws IOException {
            expect(Token.START_ARRAY, "[children] must be an array");
            if (node.children != null) {
                throw fault("[children] is given twice");
            }
            node.children = trees.addChildren();
            parser.nextToken();
            node.yesChildId = readNode(node.children, depth + 1);
            parser.nextToken();
            node.noChildId = readNode(TreeBuilder.noChild(node.children), depth + 1);
            parser.nextToken();
            expect(Token.END_ARRAY, "a split has exactly two children");
        }

        private void expect(Token token, String otherwise) {
            if (parser.currentToken() != token) {
                throw fault(otherwise);
            }
        }

        private ParsingException fault(String message) {
            return new ParsingException(parser.getTokenLocation(), message);
        }
    }

    /** The fields of one node, null where not given. */
    private static final class Node {
        private Integer id;
        private Integer depth;
        private Float leaf;
        private Integer feature;
        private Float threshold;
        private Integer yes;
        private Integer no;
        private Integer missing;
        private Integer children;
        private Integer yesChildId;
        private Integer noChildId;

        /** What is wrong with the node, or null. */
        private String problem() {
            if (id == null) {
                return "lacks [nodeid]";
            }
            if (leaf != null) {
                return feature == null && children == null ? null : "is both a leaf and a split";
            }
            if (feature == null
                    || threshold == null
                    || depth == null
                    || yes == null
                    || no == null
                    || children == null) {
                return "is neither a [leaf] nor a whole split, which has [depth], [split], [split_condition], [yes],"
                        + " [no] and [children]";
            }
            if (yesChildId.equals(yes) == false || noChildId.equals(no) == false) {
                return "must have its [yes] and its [no] child as its children, in this order";
            }
            return missing == null || missing.equals(yes) || missing.equals(no)
                    ? null
                    : "must have its [yes] or its [no] child as its [missing] one";
        }
    }
}
