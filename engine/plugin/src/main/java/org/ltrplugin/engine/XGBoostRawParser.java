package org.ltrplugin.engine;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.opensearch.common.CheckedConsumer;
import org.opensearch.common.CheckedRunnable;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.core.xcontent.XContentParser.Token;

/**
 * Parses {@code model/xgboost+json+raw}: the file that XGBoost's {@code save_model("x.json")} writes. Fields that
 * scoring does not need are skipped. Leaf values come from {@code split_conditions}, where XGBoost itself reads them.
 */
final class XGBoostRawParser implements RankerParser {
    /** Number of arrays of a tree that the parser reads. */
    private static final int ARRAYS_PER_TREE = 6;

    @Override
    public Ranker parse(JsonText definition, Map<String, Integer> ordinals) throws IOException {
        try (XContentParser parser = definition.parser()) {
            parser.nextToken();
            return new ModelReader(parser).readModel(ordinals);
        }
    }

    private static final class ModelReader {
        private final XContentParser parser;
        private final List<String> names = new ArrayList<>();
        private final List<String> types = new ArrayList<>();
        private final List<RawTree> trees = new ArrayList<>();
        private Objective objective;
        private boolean missingAsZero;
        private int itemCount;

        ModelReader(XContentParser parser) {
            this.parser = parser;
        }

        TreeEnsemble readModel(Map<String, Integer> ordinals) throws IOException {
            readFields(field -> {
                switch (field) {
                    case "learner" -> readFields(this::readLearner);
                    case "missing_as_zero" -> missingAsZero = parser.booleanValue();
                    default -> parser.skipChildren();
                }
            });
            if (objective == null || trees.isEmpty() || names.isEmpty()) {
                throw new IllegalArgumentException("a saved XGBoost model must have [learner.objective.name],"
                        + " [learner.gradient_booster.model.trees] and [learner.feature_names]; train it with"
                        + " feature_names and feature_types");
            }
            if (types.size() != names.size() || types.stream().allMatch("float"::equals) == false) {
                throw new IllegalArgumentException(
                        "[learner.feature_types] must be [float] for each of [learner.feature_names]");
            }
            int[] features = names.stream()
                    .mapToInt(name -> RankerParser.ordinal(ordinals, name))
                    .toArray();
            TreeBuilder builder = new TreeBuilder();
            trees.forEach(tree -> tree.addTo(builder, features));
            return builder.build(TreeEnsemble.XGBOOST_NAME, objective, missingAsZero ? 0 : Float.NaN);
        }

        private void readLearner(String field) throws IOException {
            switch (field) {
                case "feature_names" -> readItems(() -> names.add(parser.text()));
                case "feature_types" -> readItems(() -> types.add(parser.text()));
                case "objective" -> readOnly("name", () -> objective = Objective.fromXGBoost(parser.text()));
                case "gradient_booster" -> readFields(this::readBooster);
                default -> parser.skipChildren();
            }
        }

        private void readBooster(String field) throws IOException {
            if (field.equals("model")) {
                readOnly("trees", () -> readItems(() -> trees.add(readTree())));
            } else if (field.equals("name") && parser.text().equals("gbtree") == false) {
                throw error("unsupported booster [" + parser.text() + "], only [gbtree] is supported");
            } else {
                parser.skipChildren();
            }
        }

        private RawTree readTree() throws IOException {
            RawTree tree = new RawTree(trees.size());
            readFields(field -> {
                switch (field) {
                    case "left_children" -> tree.leftChildren = readInts();
                    case "right_children" -> tree.rightChildren = readInts();
                    case "split_indices" -> tree.splitIndices = readInts();
                    case "default_left" -> tree.defaultLeft = readInts();
                    case "split_type" -> tree.splitTypes = readInts();
                    case "split_conditions" -> tree.splitConditions = readFloats();
                    default -> parser.skipChildren();
                }
            });
            return tree;
        }

        private int[] readInts() throws IOException {
            IntStream.Builder values = IntStream.builder();
            readItems(() -> values.add(parser.intValue()));
            return values.build().toArray();
        }

        private double[] readFloats() throws IOException {
            DoubleStream.Builder values = DoubleStream.builder();
            readItems(() -> values.add(RankerParser.parseFinite(parser, "[split_conditions]")));
            return values.build().toArray();
        }

        /** Reads one field of the object at the parser's position and skips the other fields. */
        private void readOnly(String name, CheckedRunnable<IOException> readField) throws IOException {
            readFields(field -> {
                if (field.equals(name)) {
                    readField.run();
                } else {
                    parser.skipChildren();
                }
            });
        }

        private void readFields(CheckedConsumer<String, IOException> readField) throws IOException {
            expect(Token.START_OBJECT);
            while (parser.nextToken() == Token.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                readField.accept(name);
            }
        }

        private void readItems(CheckedRunnable<IOException> readItem) throws IOException {
            expect(Token.START_ARRAY);
            while (parser.nextToken() != Token.END_ARRAY) {
                Limits.checkTreeNodes(++itemCount / ARRAYS_PER_TREE);
                readItem.run();
            }
        }

        private void expect(Token token) throws IOException {
            if (parser.currentToken() != token) {
                throw error("[" + parser.currentName() + "] must be a " + token + " but is a " + parser.currentToken());
            }
        }

        private ParsingException error(String message) {
            return new ParsingException(parser.getTokenLocation(), message);
        }
    }

    /** The arrays of one tree, indexed by node and named as in the file; null where the file has none. */
    private static final class RawTree {
        private final int number;
        private int[] leftChildren;
        private int[] rightChildren;
        private int[] splitIndices;
        private int[] defaultLeft;
        private int[] splitTypes = new int[0];
        private double[] splitConditions;

        RawTree(int number) {
            this.number = number;
        }

        /** A node of the file to add next, and the node of the builder that it becomes. */
        private record Visit(int node, int target, int depth) {}

        /** Adds the nodes that the root reaches. XGBoost has pruned the other nodes. */
        void addTo(TreeBuilder builder, int[] ordinals) {
            check(
                    leftChildren != null
                            && rightChildren != null
                            && splitIndices != null
                            && defaultLeft != null
                            && splitConditions != null
                            && leftChildren.length == rightChildren.length
                            && leftChildren.length == splitIndices.length
                            && leftChildren.length == defaultLeft.length
                            && leftChildren.length == splitConditions.length
                            && leftChildren.length > 0,
                    "must have [left_children], [right_children], [split_indices], [split_conditions] and"
                            + " [default_left], all of the same length");
            boolean[] visited = new boolean[leftChildren.length];
            ArrayDeque<Visit> stack = new ArrayDeque<>();
            stack.push(new Visit(0, builder.addTree(), 0));
            while (stack.isEmpty() == false) {
                Visit visit = stack.pop();
                int node = visit.node;
                check(node >= 0 && node < leftChildren.length, "has a child [" + node + "] that does not exist");
                check(visited[node] == false, "reaches node [" + node + "] twice");
                visited[node] = true;
                Limits.checkTreeDepth(visit.depth);
                if (leftChildren[node] == -1 || rightChildren[node] == -1) {
                    builder.setLeaf(visit.target, splitConditions[node]);
                    continue;
                }
                int feature = splitIndices[node];
                check(
                        feature >= 0 && feature < ordinals.length,
                        "has a split on feature [" + feature + "], which is not in [learner.feature_names]");
                check(
                        node >= splitTypes.length || splitTypes[node] == 0,
                        "has a categorical split, which is not supported");
                int yesChild = builder.addChildren();
                builder.setSplit(
                        visit.target,
                        ordinals[feature],
                        (float) splitConditions[node],
                        yesChild,
                        defaultLeft[node] == 1);
                stack.push(new Visit(rightChildren[node], TreeBuilder.noChild(yesChild), visit.depth + 1));
                stack.push(new Visit(leftChildren[node], yesChild, visit.depth + 1));
            }
        }

        private void check(boolean valid, String message) {
            if (valid == false) {
                throw new IllegalArgumentException("tree [" + number + "] " + message);
            }
        }
    }
}
