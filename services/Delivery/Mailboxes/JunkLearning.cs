using System.Threading.Channels;
using Merpati.Mail.Content;
using Merpati.Mailboxes;
using Merpati.Platform.Classifier;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Hears of messages that were moved or copied into another mailbox of their owner. It never slows whoever moves them.</summary>
public interface IMovedMessages
{
    void Note(AccountId account, MailboxId from, MailboxId to, IReadOnlyList<CopiedMessage> messages);
}

/// <summary>
/// Teaches the classifier by what people do: what they move into the mailbox for junk is junk, and what they move out of it, unless into that for deleted messages, is none. What does not fit into the
/// queue, or cannot be read, is not learned.
/// </summary>
public sealed class JunkLearning(IMailboxStore store, IContentStore contents, SharedClassifier classifier, TimeProvider time, ILogger<JunkLearning> logger) : BackgroundService, IMovedMessages
{
    private const int MaxWaiting = 1000;
    private const int MaxMessages = 200;

    private static readonly TimeSpan GatherFor = TimeSpan.FromSeconds(1);

    private readonly record struct Move(AccountId Account, MailboxId From, MailboxId To, IReadOnlyList<CopiedMessage> Messages);

    private readonly Channel<Move> _waiting = Channel.CreateBounded<Move>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Note(AccountId account, MailboxId from, MailboxId to, IReadOnlyList<CopiedMessage> messages) => _waiting.Writer.TryWrite(new Move(account, from, to, messages));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            // Whoever clears up moves one after the other: together they cost one change of the model.
            await Task.Delay(GatherFor, time, stoppingToken);
            var lessons = new List<Lesson>();
            while (lessons.Count < MaxMessages && _waiting.Reader.TryRead(out var move))
            {
                try { await ReadAsync(move, lessons, stoppingToken); }
                catch (Exception fault) when (fault is not OperationCanceledException) { logger.LessonLost(move.Account, fault); }
            }
            if (lessons.Count == 0) continue;
            try { logger.Learned(await classifier.LearnAsync(lessons, stoppingToken), lessons.Count(lesson => lesson.IsJunk), lessons.Count(lesson => !lesson.IsJunk)); }
            catch (Exception fault) when (fault is not OperationCanceledException) { logger.LessonsLost(lessons.Count, fault); }
        }
    }

    private async ValueTask ReadAsync(Move move, List<Lesson> lessons, CancellationToken cancellationToken)
    {
        if (await store.GetAsync(move.Account, move.From, cancellationToken) is not { } from || await store.GetAsync(move.Account, move.To, cancellationToken) is not { } to) return;
        if (IsJunk(from) == IsJunk(to) || to.SpecialUse == SpecialUse.Trash) return;
        await foreach (var message in store.MessagesAsync(move.Account, move.To, UidSet.Of(move.Messages.Take(MaxMessages).Select(message => message.Destination)), cancellationToken))
            lessons.Add(new Lesson(await MessageTokens.ReadAsync(message.Structure, message.Size - message.TracePrefix.Length, (offset, length, token) => contents.OpenAsync(message.Content, offset, length, token), cancellationToken), IsJunk(to)));
    }

    private static bool IsJunk(MailboxInfo mailbox) => mailbox.SpecialUse == SpecialUse.Junk;
}
