using Merpati.Administration;
using Merpati.Mail;
using Merpati.Mail.Content;
using Merpati.Platform.Classifier;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Platform.Admin;

/// <summary>The classifier over HTTP: <c>GET classifier</c>, <c>POST classifier/train?as=junk</c> with a message as the body, <c>DELETE classifier</c>.</summary>
public static class ClassifierAdministration
{
    private const int MaxMessage = 16 * 1024 * 1024;

    public static IEndpointRouteBuilder MapClassifierAdministration(this IEndpointRouteBuilder endpoints)
    {
        var classifier = endpoints.MapAdministration(changes: AdminRole.Operator).MapGroup("/classifier");
        classifier.MapGet("", ShowAsync);
        classifier.MapPost("/train", TrainAsync);
        classifier.MapDelete("", ResetAsync);
        return endpoints;
    }

    private static async Task<IResult> ShowAsync(SharedClassifier classifier, CancellationToken cancellationToken)
        => Results.Json(View(await classifier.ReadAsync(cancellationToken)), AdministrationJson.Default.ClassifierView);

    private static async Task<IResult> TrainAsync(HttpRequest request, SharedClassifier classifier, string? @as, CancellationToken cancellationToken)
    {
        if (@as is not ("junk" or "good")) return Problems.Invalid("Say what the message is: as=junk or as=good.");
        if (await ReadAsync(request.Body, cancellationToken) is not { } octets) return Problems.Answer(StatusCodes.Status413PayloadTooLarge, "too_large", $"A message to learn has {MaxMessage} octets at most.");
        if (octets.Length == 0) return Problems.Invalid("The body is the message to learn; it is empty.");
        var learned = await classifier.LearnAsync([new Lesson(await TokensAsync(octets, cancellationToken), @as == "junk")], cancellationToken);
        return Results.Json(new LessonView(learned > 0), AdministrationJson.Default.LessonView);
    }

    private static async Task<IResult> ResetAsync(SharedClassifier classifier, CancellationToken cancellationToken)
    {
        await classifier.ResetAsync(cancellationToken);
        return Results.NoContent();
    }

    private static async ValueTask<MessageTokens> TokensAsync(byte[] octets, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream(octets, writable: false);
        var structure = await MessageStructureBuilder.BuildAsync(message, cancellationToken);
        return await MessageTokens.ReadAsync(structure, octets.Length, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), cancellationToken);
    }

    /// <summary>Null when there is more than may be.</summary>
    private static async ValueTask<byte[]?> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var octets = new MemoryStream();
        var piece = new byte[64 * 1024];
        while (await body.ReadAsync(piece, cancellationToken) is var read and > 0)
        {
            if (octets.Length + read > MaxMessage) return null;
            await octets.WriteAsync(piece.AsMemory(0, read), cancellationToken);
        }
        return octets.ToArray();
    }

    private static ClassifierView View(TokenModel model) => new(model.IsTrained, model.Junk, model.Other, TokenModel.MinMessages, model.Tokens, TokenModel.MaxTokens);
}
