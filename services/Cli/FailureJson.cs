using System.Text.Json.Serialization;

namespace Merpati.Cli;

/// <summary>What <c>--json</c> prints on standard error.</summary>
internal sealed record Failure(string Code, string Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Failure))]
internal sealed partial class FailureJson : JsonSerializerContext;
