using Merpati.Mail.Auth;
using Merpati.Mail.Dns;

namespace Merpati.Fuzz;

/// <summary>
/// Messages with signatures and ARC sets of any kind: each signature and each chain gets a result, none of them a pass without a key that fits, and the pieces in which the message came make no difference.
/// </summary>
internal static class SignedMessages
{
    private static readonly ZoneFileDns Dns = new(ZoneFile.Parse("""k._domainkey.example.org TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" """));

    public static void Run(ReadOnlySpan<byte> input)
    {
        var whole = Judge(input, input.Length);
        var dripped = Judge(input, 1);
        if (whole != dripped) throw new InvalidOperationException($"{whole} became {dripped} in single octets.");
        if (whole.StartsWith("pass:", StringComparison.Ordinal) || whole.Contains(" pass:", StringComparison.Ordinal)) throw new InvalidOperationException("Something was proven without a key: " + whole);
    }

    private static string Judge(ReadOnlySpan<byte> message, int piece)
    {
        using var received = new ReceivedMessage(65_536, 10);
        for (var at = 0; at < message.Length; at += piece) received.Write(message.Slice(at, Math.Min(piece, message.Length - at)));
        received.Complete();
        string? verdict = null;
        var judging = JudgeAsync();
        return judging.IsCompletedSuccessfully && verdict is not null ? verdict : throw new InvalidOperationException("A verification failed, or waits though every answer is there.");

        async Task JudgeAsync()
        {
            var dkim = await DkimVerifier.VerifyAsync(received, Dns, DkimPolicy.Standard, DateTimeOffset.UnixEpoch, CancellationToken.None);
            var arc = await ArcVerifier.VerifyAsync(received, Dns, DkimPolicy.Standard, DateTimeOffset.UnixEpoch, CancellationToken.None);
            verdict = $"{string.Join(' ', dkim.Select(result => $"{result.Result.Name()}:{result.Reason}"))} arc {arc.Result.Name()}:{arc.Reason} from {string.Join(',', received.AuthorDomains)}";
        }
    }
}
