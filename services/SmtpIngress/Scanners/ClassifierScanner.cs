using Merpati.Mail.Content;
using Merpati.Platform.Classifier;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>What the classifier of this site thinks of a message: a fact for the policy. As long as too little was learned it reads nothing.</summary>
internal sealed class ClassifierScanner(SharedClassifier classifier, bool submission) : IContentScanner
{
    public ScannerOptions Options { get; } = new() { Name = "classifier", Timeout = TimeSpan.FromSeconds(5), Submission = submission, WhenAway = MissingAnswer.Accept, BreakAfter = 0 };

    public async ValueTask<ScanAnswer> ScanAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        var score = await classifier.ScoreAsync(token => ReadAsync(message, token), cancellationToken).ConfigureAwait(false);
        return new ScanAnswer(Options.Name, score switch { null => "untrained", >= 0.9 => "junk", <= 0.1 => "good", _ => "unsure" }) { Classified = score };
    }

    private static async ValueTask<MessageTokens> ReadAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        var structure = await message.StructureAsync(cancellationToken).ConfigureAwait(false);
        return await MessageTokens.ReadAsync(structure, message.Size, message.OpenAsync, cancellationToken).ConfigureAwait(false);
    }
}
