package org.ltrplugin.engine;

import org.ltrplugin.engine.TreeEnsemble.Objective;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.core.xcontent.XContentParser.Token;

import java.io.IOException;
import java.util.Map;

/**
 * {@code model/xgboost+json}: the text of XGBoost's {@code get_dump(dump_format="json")}, as it is
 * or under {@code splits}.
 */
final class XGBoostParser implements RankerParser {
    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException {
        try (XContentParser parser = definition.parser()) {
            return new Reading(parser, ordinals).ensemble();
        }
    }

    private static final class Reading {
        private final XContentParser parser;
        private final Map<String, Integer> ordinals;
        private final TreeEnsemble.Builder trees = new TreeEnsemble.Builder();

        Reading(XContentParser parser, Map<String, Integer> ordinals) {
            this.parser = parser;
            this.ordinals = ordinals;
        }

        TreeEnsemble ensemble() throws IOException {
            Objective objective = Objective.RAW;
            boolean missingAsZero = false;
            boolean sawTrees = false;
            Token start = parser.nextToken();
            if (start == Token.START_ARRAY) {
                readTrees();
                sawTrees = true;
            } else if (start == Token.START_OBJECT) {
                while (parser.nextToken() == Token.FIELD_NAME) {
                    String field = parser.currentName();
                    parser.nextToken();
                    switch (field) {
                        case "objective" -> objective = objective(parser.text());
                        case "missing_as_zero" -> missingAsZero = parser.booleanValue();
                        case "splits" -> {
                            expect(Token.START_ARRAY, "[splits] must be an array of trees");
                            readTrees();
                            sawTrees = true;
                        }
                        default -> throw fault("unknown field [" + field + "] in an XGBoost model");
                    }
                }
            }
            if (sawTrees == false) {
                throw fault(
                        "an XGBoost model is an array of trees, or an object that has them in"
                                + " [splits]");
            }
            return trees.build(objective, missingAsZero ? 0 : Float.NaN);
        }

        private Objective objective(String name) {
            return switch (name) {
                case "rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw", "reg:linear" ->
                        Objective.RAW;
                case "binary:logistic", "reg:logistic" -> Objective.LOGISTIC;
                default ->
                        throw fault(
                                "unsupported objective ["
                                        + name
                                        + "]; for raw scores send [reg:linear]");
            };
        }

        private void readTrees() throws IOException {
            boolean empty = true;
            while (parser.nextToken() != Token.END_ARRAY) {
                readNode(trees.root(), 0);
                empty = false;
            }
            if (empty) {
                throw fault("an XGBoost model needs at least one tree");
            }
        }

        /** Reads the object the parser stands on into its place; returns its node id. */
        private int readNode(int place, int depth) throws IOException {
            if (depth > Guards.MAX_TREE_DEPTH) {
                throw fault("a tree is deeper than " + Guards.MAX_TREE_DEPTH + " splits");
            }
            expect(Token.START_OBJECT, "a tree node must be an object");
            Node node = new Node();
            while (parser.nextToken() == Token.FIELD_NAME) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "nodeid" -> node.id = parser.intValue();
                    case "depth" -> node.depth = parser.intValue();
                    case "leaf" -> node.leaf = FiniteFloat.read(parser, "[leaf]");
                    case "split" -> node.feature = RankerParser.ordinal(ordinals, parser.text());
                    case "split_condition" ->
                            node.threshold = FiniteFloat.read(parser, "[split_condition]");
                    case "yes" -> node.yes = parser.intValue();
                    case "no" -> node.no = parser.intValue();
                    case "missing" -> node.missing = parser.intValue();
                    case "children" -> readChildren(node, depth);
                    default ->
                            throw fault(
                                    "unknown field ["
                                            + field
                                            + "] in a tree node (dump the model without"
                                            + " statistics)");
                }
            }
            check(node);
            node.store(trees, place);
            return node.id;
        }

        private void readChildren(Node node, int depth) throws IOException {
            expect(Token.START_ARRAY, "[children] must be an array");
            if (node.children != null) {
                throw fault("[children] is given twice");
            }
            int yes = trees.pair();
            node.children = yes;
            parser.nextToken();
            node.yesChildId = readNode(yes, depth + 1);
            parser.nextToken();
            node.noChildId = readNode(TreeEnsemble.Builder.no(yes), depth + 1);
            parser.nextToken();
            expect(Token.END_ARRAY, "a split has exactly two children");
        }

        private void check(Node node) {
            if (node.id == null) {
                throw fault("a tree node lacks [nodeid]");
            }
            if (node.leaf != null) {
                if (node.feature != null || node.children != null) {
                    throw fault("node [" + node.id + "] is both a leaf and a split");
                }
                return;
            }
            String lacking =
                    node.feature == null
                            ? "split"
                            : node.threshold == null
                                    ? "split_condition"
                                    : node.depth == null
                                            ? "depth"
                                            : node.yes == null
                                                    ? "yes"
                                                    : node.no == null
                                                            ? "no"
                                                            : node.children == null
                                                                    ? "children"
                                                                    : null;
            if (lacking != null) {
                throw fault(
                        "node ["
                                + node.id
                                + "] is neither a [leaf] nor a whole split: it lacks ["
                                + lacking
                                + "]");
            }
            if (node.yesChildId.equals(node.yes) == false
                    || node.noChildId.equals(node.no) == false) {
                throw fault(
                        "the children of node ["
                                + node.id
                                + "] must be its [yes] and its [no] child, in this order");
            }
            if (node.missing != null
                    && node.missing.equals(node.yes) == false
                    && node.missing.equals(node.no) == false) {
                throw fault(
                        "[missing] of node [" + node.id + "] must be its [yes] or its [no] child");
            }
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

        void store(TreeEnsemble.Builder trees, int place) {
            if (leaf != null) {
                trees.leaf(place, leaf);
            } else {
                trees.split(
                        place,
                        feature,
                        threshold,
                        children,
                        missing != null && missing.equals(yes));
            }
        }
    }
}
