using Merpati.Mail;
using Merpati.Mail.Content;

namespace Merpati.Fuzz;

/// <summary>Messages of any kind: what is found in them is known by name, nothing throws, and the same message gives the same findings.</summary>
internal static class MessageContents
{
    private static readonly MessageInspection Inspection = new(new InspectionLimits(MaxParts: 50, MaxOctets: 1 << 20, MaxText: 1 << 16, MaxLinks: 50, MaxNames: 50), new HashSet<string>(), (domain, _) => ValueTask.FromResult(domain == "example.org"));

    public static void Run(ReadOnlySpan<byte> input)
    {
        var octets = input.ToArray();
        var (first, again) = (Find(octets), Find(octets));
        if (!first.Reasons.SequenceEqual(again.Reasons) || !first.Extensions.SequenceEqual(again.Extensions)) throw new InvalidOperationException("The same message was judged differently.");
        if (first.Reasons.Except(ContentReason.All).FirstOrDefault() is { } unknown) throw new InvalidOperationException($"'{unknown}' is no reason.");
    }

    private static ContentFindings Find(byte[] octets)
    {
        ContentFindings? findings = null;
        var finding = FindAsync();
        return finding.IsCompletedSuccessfully && findings is not null ? findings : throw new InvalidOperationException("An inspection failed, or waits though every octet is there.", finding.Exception);

        async Task FindAsync()
        {
            var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), CancellationToken.None);
            findings = await Inspection.InspectAsync(structure, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), CancellationToken.None);
        }
    }
}
