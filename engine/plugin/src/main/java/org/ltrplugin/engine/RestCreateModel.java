package org.ltrplugin.engine;

import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.opensearch.ExceptionsHelper;
import org.opensearch.action.ActionRequestValidationException;
import org.opensearch.action.DocWriteRequest.OpType;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.index.IndexRequest;
import org.opensearch.action.index.IndexResponse;
import org.opensearch.core.ParseField;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.ParsingException;
import org.opensearch.core.xcontent.ObjectParser;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.engine.VersionConflictEngineException;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestRequest.Method;
import org.opensearch.transport.client.node.NodeClient;

/** Creates a model with a copy of a stored feature set. */
final class RestCreateModel extends LtrRestHandler {
    private static final long ANY_VERSION = -1;

    private final ElementStore elements;
    private final CompilerThread compiler;

    RestCreateModel(ElementStore elements, CompilerThread compiler, BooleanSupplier enabled) {
        super("create_model", enabled);
        this.elements = elements;
        this.compiler = compiler;
    }

    @Override
    public List<Route> routes() {
        return storeRoutes("/_featureset/{name}/_createmodel", Method.POST);
    }

    private static final class NamedRanker {
        private String name;
        private RankerDefinition definition;
    }

    private static final class Body {
        private NamedRanker model;
        private Validation validation;
    }

    private static final ObjectParser<NamedRanker, Void> MODEL = new ObjectParser<>("model", NamedRanker::new);
    private static final ObjectParser<Body, Void> PARSER = new ObjectParser<>("create_model", Body::new);

    static {
        MODEL.declareString((model, value) -> model.name = value, new ParseField("name"));
        MODEL.declareObject(
                (model, value) -> model.definition = value,
                (p, ignored) -> RankerDefinition.parse(p),
                new ParseField("model"));
        PARSER.declareObject((body, value) -> body.model = value, MODEL, new ParseField("model"));
        Validation.declare(PARSER, (body, value) -> body.validation = value);
    }

    private static Body parse(XContentParser parser) throws IOException {
        Body body = PARSER.parse(parser, null);
        if (body.model == null) {
            throw new ParsingException(parser.getTokenLocation(), "Field [model] is mandatory");
        }
        if (body.model.name == null || body.model.definition == null) {
            ActionRequestValidationException error = new ActionRequestValidationException();
            error.addValidationError("the model must have a [name] and a [model]");
            throw error;
        }
        return body;
    }

    @Override
    PermissionAction.Kind permission(RestRequest request) {
        return PermissionAction.Kind.CREATE_MODEL;
    }

    @Override
    RestChannelConsumer prepare(RestRequest request, String index, NodeClient client) throws IOException {
        ElementKey set = new ElementKey(index, ElementType.FEATURESET, request.param("name"));
        long version = request.paramAsLong("version", ANY_VERSION);
        if (request.hasParam("version") && version <= 0) {
            throw new IllegalArgumentException("[version] must be above 0, got [" + version + "]");
        }
        String routing = request.param("routing");
        Body body = parseBody(request, compiler, RestCreateModel::parse);
        return channel -> {
            elements.requireWritable(index);
            ActionListener<IndexResponse> created = RestListeners.written(channel, routing);
            ActionListener<IndexResponse> listener = ActionListener.wrap(created::onResponse, failure -> {
                if (ExceptionsHelper.unwrapCause(failure) instanceof VersionConflictEngineException) {
                    rejectModelUpdate(channel);
                } else {
                    created.onFailure(failure);
                }
            });
            elements.get(set, routing, ElementStore.delegateFailure(listener, stored -> {
                Model model = new Model(body.model.name, featureSet(set, stored, version), body.model.definition);
                IndexRequest indexRequest =
                        ElementStore.indexRequest(index, model, routing).opType(OpType.CREATE);
                new ElementValidator(client, compiler)
                        .validate(model, body.validation, listener, () -> elements.put(indexRequest, model, listener));
            }));
        };
    }

    private static FeatureSet featureSet(ElementKey set, GetResponse stored, long version) throws IOException {
        if (stored.isExists() == false) {
            throw new IllegalArgumentException("Stored feature set [" + set.name() + "] does not exist");
        }
        if (version != ANY_VERSION && version != stored.getVersion()) {
            throw new IllegalArgumentException(
                    "Stored feature set [%s] has version [%d], but version [%d] was requested"
                            .formatted(set.name(), stored.getVersion(), version));
        }
        return (FeatureSet) Element.fromDocument(ElementType.FEATURESET, stored.getSourceAsBytesRef());
    }
}
