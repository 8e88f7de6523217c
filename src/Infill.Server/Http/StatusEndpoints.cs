using System.Text.Json.Nodes;
using Infill.Engine.Scheduling;
using Infill.Server.Handlers;
using Infill.Server.Status;
using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary>What the server is and does, as llama-server says it. No prompt and no text is in any of it.</summary>
internal sealed class StatusEndpoints(ServedModel model, StatusSource status, TimeProvider time)
{
    public Task HealthAsync(HttpContext context) => status.State switch
    {
        "ready" => Exchange.WriteAsync(context, new JsonObject { ["status"] = "ok" }),
        "failed" => throw ApiException.Unavailable("The model could not be loaded; the server's log says why."),
        _ => throw ApiException.Unavailable("Loading model"),
    };

    public async Task PropertiesAsync(HttpContext context)
    {
        await model.VocabularyAsync(context.RequestAborted);
        await Exchange.WriteAsync(context, new JsonObject
        {
            ["default_generation_settings"] = new JsonObject { ["n_ctx"] = model.Engine.MaxSequenceTokens, ["params"] = new JsonObject() },
            ["total_slots"] = model.Engine.MaxSequences,
            ["model_alias"] = model.Name,
            ["model_path"] = model.Settings.ModelPath,
            ["modalities"] = new JsonObject { ["vision"] = false, ["audio"] = false },
            ["endpoint_slots"] = true,
            ["endpoint_props"] = false,
            ["endpoint_metrics"] = true,
            ["chat_template"] = "",
            ["build_info"] = $"infill {LifecycleHandler.Version}",
            ["is_sleeping"] = false,
        });
    }

    public async Task ModelsAsync(HttpContext context)
    {
        await model.VocabularyAsync(context.RequestAborted);
        await Exchange.WriteAsync(context, new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray(new JsonObject
            {
                ["id"] = model.Name,
                ["object"] = "model",
                ["created"] = time.GetUtcNow().ToUnixTimeSeconds(),
                ["owned_by"] = "infill",
            }),
        });
    }

    /// <summary>A slot here is a place that a request may take, not the KV sequence it happens to have.</summary>
    public async Task SlotsAsync(HttpContext context)
    {
        await model.VocabularyAsync(context.RequestAborted);
        var running = model.Engine.Snapshot().Where(static request => request.State == SequenceState.Running).ToList();
        if (context.Request.Query.ContainsKey("fail_on_no_slot") && running.Count >= model.Engine.MaxSequences) throw ApiException.Unavailable("no slot available");
        var slots = new JsonArray();
        for (var id = 0; id < Math.Max(model.Engine.MaxSequences, running.Count); id++)
        {
            var slot = new JsonObject
            {
                ["id"] = id,
                ["n_ctx"] = model.Engine.MaxSequenceTokens,
                ["speculative"] = model.Settings.Engine.Speculation,
                ["is_processing"] = id < running.Count,
            };
            if (id < running.Count)
            {
                var request = running[id];
                slot["id_task"] = request.Id;
                slot["n_prompt_tokens"] = request.PromptTokens;
                slot["n_prompt_tokens_cache"] = request.CachedTokens;
                slot["n_prompt_tokens_processed"] = Math.Max(0, Math.Min(request.ComputedTokens, request.PromptTokens) - request.CachedTokens);
                slot["next_token"] = new JsonArray(new JsonObject { ["n_decoded"] = request.GeneratedTokens });
            }

            slots.Add((JsonNode)slot);
        }

        await Exchange.WriteAsync(context, slots);
    }

    public async Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(MetricsText.Of(status), context.RequestAborted);
    }
}
