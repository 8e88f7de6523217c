using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

/// <summary>How LSP's types look in JSON: generated, so that start-up and trimming stay cheap.</summary>
/// <remarks>A missing required member, a null where none may be and a negative position are errors; unknown members are not.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(InitializeParams))]
[JsonSerializable(typeof(InitializeResult))]
[JsonSerializable(typeof(InitializedParams))]
[JsonSerializable(typeof(SetTraceParams))]
[JsonSerializable(typeof(RegistrationParams))]
[JsonSerializable(typeof(UnregistrationParams))]
[JsonSerializable(typeof(DidOpenTextDocumentParams))]
[JsonSerializable(typeof(DidChangeTextDocumentParams))]
[JsonSerializable(typeof(DidSaveTextDocumentParams))]
[JsonSerializable(typeof(DidCloseTextDocumentParams))]
[JsonSerializable(typeof(DidOpenNotebookDocumentParams))]
[JsonSerializable(typeof(DidChangeNotebookDocumentParams))]
[JsonSerializable(typeof(DidSaveNotebookDocumentParams))]
[JsonSerializable(typeof(DidCloseNotebookDocumentParams))]
[JsonSerializable(typeof(InlineCompletionParams))]
[JsonSerializable(typeof(InlineCompletionList))]
[JsonSerializable(typeof(DidShowCompletionParams))]
[JsonSerializable(typeof(DidPartiallyAcceptCompletionParams))]
[JsonSerializable(typeof(ProgressParams<IReadOnlyList<InlineCompletionItem>>), TypeInfoPropertyName = "InlineCompletionProgress")]
[JsonSerializable(typeof(ProgressParams<WorkDoneProgressBegin>), TypeInfoPropertyName = "BeginProgress")]
[JsonSerializable(typeof(ProgressParams<WorkDoneProgressReport>), TypeInfoPropertyName = "ReportProgress")]
[JsonSerializable(typeof(ProgressParams<WorkDoneProgressEnd>), TypeInfoPropertyName = "EndProgress")]
[JsonSerializable(typeof(CompletionParams))]
[JsonSerializable(typeof(CompletionList))]
[JsonSerializable(typeof(ExplainParams))]
[JsonSerializable(typeof(ExplainResult))]
[JsonSerializable(typeof(LogMessageParams))]
[JsonSerializable(typeof(ShowMessageParams))]
[JsonSerializable(typeof(WorkDoneProgressCreateParams))]
[JsonSerializable(typeof(WorkDoneProgressCancelParams))]
[JsonSerializable(typeof(DidChangeWorkspaceFoldersParams))]
[JsonSerializable(typeof(DidChangeWatchedFilesParams))]
[JsonSerializable(typeof(ConfigurationParams))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>), TypeInfoPropertyName = "ConfigurationResult")]
[JsonSerializable(typeof(DidChangeConfigurationParams))]
[JsonSerializable(typeof(DidChangeConfigurationRegistrationOptions))]
[JsonSerializable(typeof(ExecuteCommandParams))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonElement?), TypeInfoPropertyName = "OptionalJsonElement")]
public sealed partial class ProtocolJsonContext : JsonSerializerContext;
