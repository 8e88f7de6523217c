using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Infill.Engine.Llama;

/// <summary>Every native import, and nothing else. Signatures are those of <c>llama.h</c> and <c>ggml-backend.h</c> of v0.5.0.</summary>
/// <remarks>
/// What takes a context may be called by the engine thread alone; vocabulary and model getters by any thread.
/// <c>llama</c>, <c>ggml</c> and <c>ggml-base</c> are resolved by <see cref="LlamaLibrary"/>, never by the system's search path.
/// </remarks>
internal static unsafe partial class LlamaNative
{
    [LibraryImport("llama", EntryPoint = "llama_version")]
    internal static partial byte* Version();

    [LibraryImport("llama", EntryPoint = "llama_model_default_params")]
    internal static partial LlamaModelParams ModelDefaultParams();

    [LibraryImport("llama", EntryPoint = "llama_context_default_params")]
    internal static partial LlamaContextParams ContextDefaultParams();

    [LibraryImport("llama", EntryPoint = "llama_log_set")]
    internal static partial void LogSet(delegate* unmanaged[Cdecl]<GgmlLogLevel, byte*, void*, void> callback, void* userData);

    [LibraryImport("llama", EntryPoint = "llama_model_load_from_file", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlamaModelHandle ModelLoadFromFile(string path, LlamaModelParams parameters);

    [LibraryImport("llama", EntryPoint = "llama_model_free")]
    internal static partial void ModelFree(nint model);

    [LibraryImport("llama", EntryPoint = "llama_init_from_model")]
    internal static partial LlamaContextHandle InitFromModel(LlamaModelHandle model, LlamaContextParams parameters);

    [LibraryImport("llama", EntryPoint = "llama_free")]
    internal static partial void Free(nint context);

    [LibraryImport("llama", EntryPoint = "llama_model_get_vocab")]
    internal static partial nint ModelGetVocab(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_n_ctx_train")]
    internal static partial int ModelTrainedContext(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_n_layer")]
    internal static partial int ModelLayers(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_n_embd")]
    internal static partial int ModelEmbedding(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_n_head")]
    internal static partial int ModelHeads(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_n_head_kv")]
    internal static partial int ModelKeyValueHeads(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_size")]
    internal static partial ulong ModelSize(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_desc")]
    internal static partial int ModelDescription(LlamaModelHandle model, byte* buffer, nuint size);

    [LibraryImport("llama", EntryPoint = "llama_model_meta_val_str", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ModelMetadata(LlamaModelHandle model, string key, byte* buffer, nuint size);

    [LibraryImport("llama", EntryPoint = "llama_model_n_swa")]
    internal static partial int ModelSlidingWindow(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_is_recurrent")]
    internal static partial byte ModelIsRecurrent(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_is_hybrid")]
    internal static partial byte ModelIsHybrid(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_model_has_encoder")]
    internal static partial byte ModelHasEncoder(LlamaModelHandle model);

    [LibraryImport("llama", EntryPoint = "llama_vocab_n_tokens")]
    internal static partial int VocabSize(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_get_text")]
    internal static partial byte* VocabText(nint vocab, int token);

    [LibraryImport("llama", EntryPoint = "llama_vocab_is_eog")]
    internal static partial byte VocabIsEndOfGeneration(nint vocab, int token);

    [LibraryImport("llama", EntryPoint = "llama_vocab_get_attr")]
    internal static partial LlamaTokenAttributes VocabAttributes(nint vocab, int token);

    [LibraryImport("llama", EntryPoint = "llama_vocab_bos")]
    internal static partial int VocabBos(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_get_add_bos")]
    internal static partial byte VocabAddsBos(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_fim_pre")]
    internal static partial int VocabFimPrefix(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_fim_suf")]
    internal static partial int VocabFimSuffix(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_fim_mid")]
    internal static partial int VocabFimMiddle(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_fim_rep")]
    internal static partial int VocabFimRepository(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_vocab_fim_sep")]
    internal static partial int VocabFimSeparator(nint vocab);

    [LibraryImport("llama", EntryPoint = "llama_tokenize")]
    internal static partial int Tokenize(nint vocab, byte* text, int textLength, int* tokens, int tokensMax, byte addSpecial, byte parseSpecial);

    [LibraryImport("llama", EntryPoint = "llama_token_to_piece")]
    internal static partial int TokenToPiece(nint vocab, int token, byte* buffer, int length, int leftStrip, byte special);

    [LibraryImport("llama", EntryPoint = "llama_decode")]
    internal static partial DecodeStatus Decode(LlamaContextHandle context, LlamaBatch batch);

    [LibraryImport("llama", EntryPoint = "llama_set_n_threads")]
    internal static partial void SetThreads(LlamaContextHandle context, int threads, int threadsBatch);

    [LibraryImport("llama", EntryPoint = "llama_synchronize")]
    internal static partial void Synchronize(LlamaContextHandle context);

    [LibraryImport("llama", EntryPoint = "llama_get_logits")]
    internal static partial float* GetAllLogits(LlamaContextHandle context);

    [LibraryImport("llama", EntryPoint = "llama_get_logits_ith")]
    internal static partial float* GetLogits(LlamaContextHandle context, int index);

    [LibraryImport("llama", EntryPoint = "llama_get_memory")]
    internal static partial nint GetMemory(LlamaContextHandle context);

    [LibraryImport("llama", EntryPoint = "llama_memory_seq_rm")]
    internal static partial byte MemorySequenceRemove(nint memory, int sequence, int from, int to);

    [LibraryImport("llama", EntryPoint = "llama_memory_seq_cp")]
    internal static partial void MemorySequenceCopy(nint memory, int source, int target, int from, int to);

    [LibraryImport("llama", EntryPoint = "llama_memory_seq_pos_max")]
    internal static partial int MemorySequenceLastPosition(nint memory, int sequence);

    [LibraryImport("llama", EntryPoint = "llama_state_seq_get_size")]
    internal static partial nuint StateSequenceSize(LlamaContextHandle context, int sequence);

    [LibraryImport("llama", EntryPoint = "llama_state_seq_get_data")]
    internal static partial nuint StateSequenceGet(LlamaContextHandle context, byte* target, nuint size, int sequence);

    [LibraryImport("llama", EntryPoint = "llama_state_seq_set_data")]
    internal static partial nuint StateSequenceSet(LlamaContextHandle context, byte* source, nuint size, int sequence);

    [LibraryImport("llama", EntryPoint = "llama_attach_threadpool")]
    internal static partial void AttachThreadpool(LlamaContextHandle context, nint threadpool, nint threadpoolBatch);

    [LibraryImport("llama", EntryPoint = "llama_detach_threadpool")]
    internal static partial void DetachThreadpool(nint context);

    [LibraryImport("ggml", EntryPoint = "ggml_backend_load_all_from_path", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void BackendLoadAll(string directory);

    [LibraryImport("ggml", EntryPoint = "ggml_backend_dev_count")]
    internal static partial nuint DeviceCount();

    [LibraryImport("ggml", EntryPoint = "ggml_backend_reg_by_name", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint BackendByName(string name);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_reg_get_proc_address", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint BackendProcAddress(nint backend, string name);
}
