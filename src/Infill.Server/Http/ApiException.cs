using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary>A request that can't be served: its status and the sentence that its sender gets, in llama-server's form.</summary>
internal sealed class ApiException(int status, string type, string message) : Exception(message)
{
    public int Status => status;

    public string Type => type;

    public static ApiException BadRequest(string message) => new(StatusCodes.Status400BadRequest, "invalid_request_error", message);

    public static ApiException TooLong(string message) => new(StatusCodes.Status400BadRequest, "exceed_context_size_error", message);

    public static ApiException Forbidden(string message) => new(StatusCodes.Status403Forbidden, "permission_error", message);

    public static ApiException NotSupported(string message) => new(StatusCodes.Status501NotImplemented, "not_supported_error", message);

    public static ApiException Unavailable(string message) => new(StatusCodes.Status503ServiceUnavailable, "unavailable_error", message);

    public static ApiException Failed(string message) => new(StatusCodes.Status500InternalServerError, "server_error", message);
}
