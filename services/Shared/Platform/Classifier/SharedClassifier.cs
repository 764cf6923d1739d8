using Merpati.Mail.Content;
using Merpati.Storage;

namespace Merpati.Platform.Classifier;

/// <summary>A message to be learned.</summary>
public readonly record struct Lesson(MessageTokens Message, bool IsJunk);

/// <summary>
/// The classifier of this site, shared by all processes over the store: one record of a bounded size. Of several who teach it at once each is heard, one after the other;
/// who only asks has an answer that is a minute old at the most.
/// </summary>
public sealed class SharedClassifier(ISharedRecords records, TimeProvider time) : IDisposable
{
    /// <summary>As the record is named: never change them.</summary>
    private const string Kind = "classifier";
    private const string Site = "site";
    private const int Attempts = 20;

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    // One that nobody teaches any more is of no use in the end.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(3 * 365);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private Remembered _remembered = new(new TokenModel(), DateTimeOffset.MinValue);

    /// <summary>The model as it was read, which nobody changes.</summary>
    private sealed record Remembered(TokenModel Model, DateTimeOffset Until);

    /// <summary>0 to 1, the higher the more it is junk; null as long as too little was learned.</summary>
    /// <param name="read">The message; not called in vain.</param>
    public async ValueTask<double?> ScoreAsync(Func<CancellationToken, ValueTask<MessageTokens>> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        var model = await CurrentAsync(cancellationToken);
        return model.IsTrained ? model.Score(await read(cancellationToken)) : null;
    }

    /// <summary>The model as it is in the store; nobody changes it.</summary>
    public async ValueTask<TokenModel> ReadAsync(CancellationToken cancellationToken) => ModelIn(await records.FindAsync(Kind, Site, cancellationToken));

    /// <returns>How many were new.</returns>
    /// <exception cref="IOException">Others taught it all the time.</exception>
    public async ValueTask<int> LearnAsync(IReadOnlyList<Lesson> lessons, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lessons);
        var learned = 0;
        var changed = await records.ChangeAsync(Kind, Site, there =>
        {
            var model = ModelIn(there);
            learned = lessons.Count(lesson => model.Learn(lesson.Message, lesson.IsJunk));
            return learned == 0 ? null : new SharedRecord(Kind, Site, model.Write(), time.GetUtcNow() + Kept);
        }, Attempts, cancellationToken);
        if (!changed && learned > 0) throw new IOException("The classifier is taught by others all the time.");
        if (changed) Forget();
        return learned;
    }

    /// <summary>Forgets everything.</summary>
    public async ValueTask ResetAsync(CancellationToken cancellationToken)
    {
        await records.RemoveAsync(Kind, [Site], cancellationToken);
        Forget();
    }

    public void Dispose() => _turn.Dispose();

    private void Forget() => _remembered = _remembered with { Until = DateTimeOffset.MinValue };

    private async ValueTask<TokenModel> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_remembered is { } fresh && time.GetUtcNow() < fresh.Until) return fresh.Model;
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_remembered is { } renewed && time.GetUtcNow() < renewed.Until) return renewed.Model;
            _remembered = new Remembered(await ReadAsync(cancellationToken), time.GetUtcNow() + Fresh);
            return _remembered.Model;
        }
        finally { _turn.Release(); }
    }

    /// <summary>One of another version, or a damaged one, is as none: it is learned anew.</summary>
    private static TokenModel ModelIn(SharedRecord? record) => (record is null ? null : TokenModel.Read(record.Value.Span)) ?? new TokenModel();
}
